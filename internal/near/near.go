// Package near finds what a user may have meant by a word that nothing is named.
package near

import "strings"

// Word is the one of some words that differs the least from a word, in no more than so
// many edits, "" if there is none. Case is no difference.
func Word(word string, words []string, most int) string {
	best, least := "", most+1
	for _, w := range words {
		if max(len(w)-len(word), len(word)-len(w)) >= least {
			continue
		}
		if n := edits(strings.ToLower(word), strings.ToLower(w)); n < least {
			best, least = w, n
		}
	}
	return best
}

// edits is the number of bytes to insert, delete or replace between two words.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			n := diagonal
			if a[i] != b[j] {
				n = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], n
		}
	}
	return row[len(b)]
}
