package text

import "slices"

// A column is one of a table of figures.
type column[T any] struct {
	head string
	cell func(T) string
}

// columnRows are the head and the rows of a table, for lineUp.
func columnRows[T any](columns []column[T], list []T) (head string, rows []string) {
	rows = make([]string, len(list))
	for _, c := range columns {
		head += c.head + "\t"
		for i, x := range list {
			rows[i] += c.cell(x) + "\t"
		}
	}
	return head, rows
}

// fitting is columnRows without what there is no room for: of the columns that can be done
// without, the least first, as many are left out as it takes.
func fitting[T any](columns []column[T], list []T, least []string, fits func(head string, rows []string) bool) (head string, rows []string) {
	for head, rows = columnRows(columns, list); len(least) > 0 && !fits(head, rows); least = least[1:] {
		columns = slices.DeleteFunc(columns, func(c column[T]) bool { return c.head == least[0] })
		head, rows = columnRows(columns, list)
	}
	return head, rows
}
