package whatif

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestParseQuestion(t *testing.T) {
	n := func(n int) *int { return &n }
	limit := func(n int64) *int64 { return &n }
	for _, tt := range []struct {
		text string
		want Question
	}{
		{"GOGC=200", Question{GOGC: n(200)}},
		{"GOGC=off,GOMEMLIMIT=1GiB", Question{GOGC: n(-1), MemoryLimit: limit(1 << 30)}},
		{"GOMEMLIMIT=off", Question{GOGC: n(100), MemoryLimit: limit(math.MaxInt64)}},
		{"GOMAXPROCS=4", Question{GOGC: n(100), Procs: 4}},
		{"stack=a/b.go:12,presized=c.go:3,GOGC=50", Question{GOGC: n(50), Changes: []ObjectChange{
			{What: OnStack, Of: "a/b.go:12"}, {What: Presized, Of: "c.go:3"},
		}}},
		{"offheap=cache.entry", Question{GOGC: n(100), Changes: []ObjectChange{{What: OffHeap, Of: "cache.entry"}}}},
		{"stack=m.pair[int,string]", Question{GOGC: n(100), Changes: []ObjectChange{{What: OnStack, Of: "m.pair[int,string]"}}}},
		{"smaller=m.tree[m.pair[int,m.x],func(int, bool)]:8,stack=map[m.k]struct { a, b int },GOGC=50", Question{GOGC: n(50), Changes: []ObjectChange{
			{What: Smaller, Of: "m.tree[m.pair[int,m.x],func(int, bool)]", By: 8}, {What: OnStack, Of: "map[m.k]struct { a, b int }"},
		}}},
		{"smaller=a.go:7:16", Question{GOGC: n(100), Changes: []ObjectChange{{What: Smaller, Of: "a.go:7", By: 16}}}},
	} {
		tt.want.Text = tt.text
		if got, err := ParseQuestion(tt.text); err != nil || !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: %+v, %v", tt.text, got, err)
		}
	}
	for _, tt := range []struct{ text, says string }{
		{"", `"" says nothing`},
		{"GOGC", "GOGC says nothing"},
		{"GOGC=x", "GOGC=x is no number"},
		{"GOGC=-3", "GOGC=-3 is no number"},
		{"GOMEMLIMIT=much", "GOMEMLIMIT=much is no size"},
		{"GOMEMLIMIT=0", "GOMEMLIMIT=0 is no size"},
		{"GOMEMLIMIT=1GB", "GOMEMLIMIT=1GB is no size as the runtime takes it, nor off: write a whole number of B, KiB, MiB, GiB or TiB"},
		{"GOMEMLIMIT=1.5GiB", "GOMEMLIMIT=1.5GiB is no size"},
		{"GOMEMLIMIT=9000000TiB", "is no size"},
		{"GOMAXPROCS=2,GOGC=x", "GOMAXPROCS=2,GOGC=x: GOGC=x is no number"},
		{"GOMAXPROCS=0", "GOMAXPROCS=0 is no number"},
		{"smaller=pkg.Type", "smaller=pkg.Type does not end with a number of bytes"},
		{"smaller=:8", "does not end"},
		{"heap=small", "heap=small: unknown: heap"},
		{"presized=m.list", "presized=m.list: a slice is named by where it grows"},
		{"GOGC=100,GOGC=200", "GOGC=100,GOGC=200: GOGC is named twice"},
		{"GOMEMLIMIT=off,GOMAXPROCS=2,GOMEMLIMIT=1GiB", "GOMEMLIMIT is named twice"},
		{"GOMAXPROCS=2,GOMAXPROCS=2", "GOMAXPROCS is named twice"},
		{"stack=m.pair[int,GOGC=50", "stack=m.pair[int,GOGC=50 has a bracket that is not closed"},
		{"stack=m.pair]int,GOGC=50", "stack=m.pair]int has a bracket that is not opened"},
	} {
		if _, err := ParseQuestion(tt.text); err == nil || !strings.Contains(err.Error(), tt.says) || strings.Count(err.Error(), "GOGC=") > 1+strings.Count(tt.text, ",") {
			t.Errorf("%s: error %v, want %s", tt.text, err, tt.says)
		}
	}
}

// TestMeant has names that are nearly one of those that there are.
func TestMeant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, hint string }{
		{"GOCG=200", "did you mean GOGC?"},
		{"GOGC=50,gomaxproc=2", "did you mean GOMAXPROCS?"},
		{"off-heap=m.T", "did you mean offheap?"},
		{"color=red", ""},
		{"presized=m.T", "name a site as FILE:LINE"},
		{"GOGC=x", ""},
	} {
		_, err := ParseQuestion(tt.text)
		if e, ok := errors.AsType[*QuestionError](err); !ok || e.Hint != tt.hint {
			t.Errorf("%s: error %v, want the hint %q", tt.text, err, tt.hint)
		}
	}
}

func FuzzParseQuestion(f *testing.F) {
	for _, s := range []string{"stack=m.pair[int,string],smaller=m.tree[m.k,func(int, struct { a, b int })]:8", "offheap=m.a[int,GOGC=50", "GOGC=200", "GOGC=off,GOMEMLIMIT=1GiB", "smaller=a.go:7:16,stack=b.T", "GOMAXPROCS=4,presized=x.go:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := ParseQuestion(text)
		if err != nil {
			return
		}
		if *q.GOGC < -1 || q.Procs < 0 || q.MemoryLimit != nil && *q.MemoryLimit <= 0 {
			t.Errorf("%q: %+v", text, q)
		}
		for _, c := range q.Changes {
			if again, err := ParseQuestion("GOGC=50," + string(OffHeap) + "=" + c.Of + ",GOMAXPROCS=2"); err != nil || len(again.Changes) != 1 || again.Changes[0].Of != c.Of {
				t.Errorf("%q: %q is one among others as %+v, %v", text, c.Of, again, err)
			}
			if c.Of == "" || c.What == Smaller && c.By <= 0 {
				t.Errorf("%q: %+v", text, c)
			}
		}
	})
}
