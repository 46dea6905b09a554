package engine

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

const slices124 = `
-- go.mod --
module example.com/m

go 1.24
-- m.go --
package m

var Sink []int

// Since go1.25 a small slice of unknown size may be on the stack.
//
//go:noinline
func Make(n int) int {
	s := make([]int, n)
	return len(s)
}

// Since go1.25 append may begin in a buffer on the stack.
//
//go:noinline
func Append(n int) int {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	return len(s)
}

// Since go1.26 so may that of a slice which leaves the function.
//
//go:noinline
func Leave(n int) []int {
	var s []int
	for i := range n {
		s = append(s, i)
	}
	return s
}

// What is stored is on the heap with all of them.
//
//go:noinline
func Keep(n int) {
	Sink = make([]int, 0, n)
}
-- m_test.go --
package m

import (
	"fmt"
	"testing"
)

func TestAllocs(t *testing.T) {
	for name, f := range map[string]func(){
		"Make":   func() { Make(4) },
		"Append": func() { Append(4) },
		"Leave":  func() { Sink = Leave(4) },
		"Keep":   func() { Keep(4) },
	} {
		fmt.Println("allocs", name, testing.AllocsPerRun(100, f))
	}
}
`

// TestDiffToolchains compares what toolchains make of slices, and holds each change
// against the counts of running it.
func TestDiffToolchains(t *testing.T) {
	t.Parallel()
	dir := extract(t, txtar.Parse([]byte(slices124)))
	toolchains := []string{"go1.24.9", "go1.25.3", "go1.26.8"}
	counts := make([]map[string]float64, len(toolchains))
	for i, version := range toolchains {
		cmd := exec.Command("go", "test", "-count=1", "-run=TestAllocs", "-v", ".")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOTOOLCHAIN="+version, "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil && strings.Contains(string(out), "download") {
			t.Skipf("no toolchain %s: %s", version, out)
		} else if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		counts[i] = make(map[string]float64)
		for line := range strings.Lines(string(out)) {
			var name string
			var n float64
			if _, err := fmt.Sscanf(line, "allocs %s %g", &name, &n); err == nil {
				counts[i][name] = n
			}
		}
	}
	want := []string{
		"changed Append: escapes",
		"changed Make: allocates,escapes",
		"changed Leave: buffer",
	}
	var got []string
	for i := range toolchains[1:] {
		r, err := Diff(t.Context(), DiffRequest{
			Build: Build{Dir: dir}, Before: alloc.Side{Go: toolchains[i]}, After: alloc.Side{Go: toolchains[i+1]},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Problems) > 0 {
			t.Errorf("problem: %s", r.Problems[0].Message)
		}
		var list []string
		for _, c := range r.Changes {
			var what []string
			for _, a := range c.What {
				what = append(what, string(a))
			}
			fn := c.Current().Func
			list = append(list, fmt.Sprintf("%s %s: %s", c.Status, fn, strings.Join(what, ",")))
			if counts[i+1][fn] >= counts[i][fn] {
				t.Errorf("%s to %s: %s %q, and it allocates %g times instead of %g", toolchains[i], toolchains[i+1], fn, what, counts[i+1][fn], counts[i][fn])
			}
			if c.Reason == "" {
				t.Errorf("%s has no reason", c.Site)
			}
		}
		slices.Sort(list)
		got = append(got, list...)
		for fn, n := range counts[i+1] {
			if n != counts[i][fn] && !slices.ContainsFunc(r.Changes, func(c *alloc.Change) bool { return c.Current().Func == fn }) {
				t.Errorf("%s to %s: %s allocates %g times instead of %g, and has not changed", toolchains[i], toolchains[i+1], fn, n, counts[i][fn])
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDiffRefused is what cannot be compared.
func TestDiffRefused(t *testing.T) {
	t.Parallel()
	dir := extract(t, txtar.Parse([]byte("-- go.mod --\nmodule example.com/m\n\ngo 1.26\n-- m.go --\npackage m\n\nfunc F() *int { return new(int) }\n")))
	for _, tt := range []struct {
		before, after alloc.Side
		msg, hint     string
	}{
		{alloc.Side{}, alloc.Side{Go: "go1.25.3"}, "go1.25.3 is too old for this module: ", "compare toolchains that are not older than "},
		{alloc.Side{}, alloc.Side{Go: "go1.26.8"}, "both sides are the same: go1.26.8 ", "name another "},
		{alloc.Side{}, alloc.Side{Go: "gonone"}, "no toolchain gonone", "name a release "},
		{alloc.Side{}, alloc.Side{GOARCH: "s390x"}, "the machine code of GOARCH=s390x is not read", "targets that are: amd64, arm64"},
		{alloc.Side{Rev: "HEAD"}, alloc.Side{}, "no git repository around ", "-go, -goarch and -pgo compare"},
	} {
		_, err := Diff(t.Context(), DiffRequest{Build: Build{Dir: dir, Env: append(os.Environ(), "GOWORK=off", "GOTOOLCHAIN=local")}, Before: tt.before, After: tt.after})
		x, ok := err.(*Error)
		if !ok || !strings.HasPrefix(x.Error(), tt.msg) || !strings.HasPrefix(x.Hint, tt.hint) {
			t.Errorf("%v, %v: %v, want %s…, hint %s…", tt.before, tt.after, err, tt.msg, tt.hint)
		}
	}
}
