package near

import "testing"

func TestWord(t *testing.T) {
	t.Parallel()
	words := []string{"GOGC", "GOMEMLIMIT", "stack", "smaller", "offheap"}
	for _, tt := range []struct {
		word string
		most int
		want string
	}{
		{"GOCG", 2, "GOGC"},
		{"gogc", 0, "GOGC"},
		{"of-heap", 2, "offheap"},
		{"stak", 1, "stack"},
		{"stk", 1, ""},
		{"GC", 2, "GOGC"},
		{"", 2, ""},
		{"heap", 2, ""},
	} {
		if got := Word(tt.word, words, tt.most); got != tt.want {
			t.Errorf("%q is near to %q, want %q", tt.word, got, tt.want)
		}
	}
}
