package engine

import (
	"testing"

	"github.com/stackward-go/stackward/internal/heapsim"
	"github.com/stackward-go/stackward/internal/whatif"
)

// askedNames is a recording with some types and sites.
func askedNames() *asked {
	sites := newHeapSites(nil, "/m")
	for _, p := range []heapPlace{
		{file: "/m/main.go", line: 38}, {file: "/m/main.go", line: 90}, {file: "/m/a/list.go", line: 7}, {file: "/m/b/list.go", line: 12},
		{file: "/m/maps.go", line: 5, typ: "map.group[int,string]"},
	} {
		sites.places = append(sites.places, p)
		sites.grows = append(sites.grows, false)
	}
	a := &asked{replay: &replay{file: "run.heap", src: &traceSource{sites: sites}}}
	for _, name := range []string{"", "main.Session", "web.Session", "main.Token", "cache.pair[int,string]", "string", "[]uint8"} {
		a.names = append(a.names, typeName{short: name, own: name})
	}
	return a
}

// TestMeant has names that the recording does not have.
func TestMeant(t *testing.T) {
	t.Parallel()
	a := askedNames()
	const lists = "stackward heap -top 0 run.heap lists them"
	for _, tt := range []struct {
		change string
		hint   string
	}{
		{"stack=Session", "did you mean web.Session or main.Session?"},
		{"stack=*app.Session", "did you mean web.Session or main.Session?"},
		{"stack=Token", "did you mean main.Token?"},
		{"stack=main.Tokne", "did you mean main.Token?"},
		{"stack=Tokn", "did you mean main.Token?"},
		{"stack=pair", "did you mean cache.pair[int,string]?"},
		{"stack=cache.pair", "did you mean cache.pair[int,string]?"},
		{"stack=sting", "did you mean string?"},
		{"stack=xyz", lists},
		{"stack=(type unknown)", "name where they are allocated, as FILE:LINE; " + lists},
		{"stack=main.go:37", "did you mean main.go:38?"},
		{"stack=main.go:70", "did you mean main.go:90?"},
		{"stack=list.go:10", "did you mean b/list.go:12 or a/list.go:7?"},
		{"stack=b/list.go:7", "did you mean b/list.go:12?"},
		{"stack=man.go:38", "did you mean main.go:38?"},
		{"stack=c/list.go:7", "did you mean a/list.go:7?"},
		{"stack=server.go:7", lists},
		{"stack=../../main.go:37", "did you mean main.go:38?"},
		{"stack=main.go", "name one as FILE.go:LINE; " + lists},
		{"stack=main:38", "name one as FILE.go:LINE; " + lists},
		{"presized=main.go:38", "append grows slices; name the line of one as FILE:LINE"},
		{"presized=maps.go:5", "what a map would take that is made with its size is not simulated"},
	} {
		q, err := whatif.ParseQuestion(tt.change)
		if err != nil {
			t.Fatal(err)
		}
		if _, problem := a.matches(&q.Changes[0]); problem == nil || problem.Hint != tt.hint {
			t.Errorf("%s: %+v, want the hint %q", tt.change, problem, tt.hint)
		}
	}
}

// TestBaselines puts a question without a change before the first one with it.
func TestBaselines(t *testing.T) {
	t.Parallel()
	ask := func(text string, gogc, procs int, changes bool) asking {
		q := asking{&whatif.Question{Text: text}, heapsim.WhatIf{Config: heapsim.Config{GOGC: gogc, Procs: procs}}}
		if changes {
			q.is.Change = func(o heapsim.Object) (heapsim.Object, bool) { return o, true }
		}
		return q
	}
	list := withBaselines([]asking{
		ask("a", 100, 2, true), ask("b", 100, 2, true), ask("c", 50, 2, true), ask("GOGC=50", 50, 2, false), ask("d", 100, 1, true), ask("GOGC=200", 200, 2, false),
	})
	a := &asked{base: heapsim.WhatIf{Config: heapsim.Config{GOGC: 25, Procs: 2, MemoryLimit: 7}}}
	got := ""
	for i := range list {
		q := &list[i]
		if q.Text == "" {
			got += "(" + a.settingsOf(&q.is) + ")"
			if q.is.Change != nil {
				t.Errorf("%s has a change", got)
			}
		}
		got += q.Text + " "
	}
	if want := "(GOGC=100,GOMEMLIMIT=off) a b c GOGC=50 (GOGC=100,GOMEMLIMIT=off,GOMAXPROCS=1) d GOGC=200 "; got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}
