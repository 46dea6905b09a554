package engine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

// TestStackVars holds what is told of frames to variables of known sizes, and its sum
// to the frame, which another table of the compiler tells.
func TestStackVars(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("what is kept in registers is another's")
	}
	data, err := os.ReadFile("testdata/stackvars.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := extract(t, txtar.Parse(data))
	for _, tests := range []bool{false, true} { // with tests the package is built twice
		r, err := Stack(t.Context(), StackRequest{Build: Build{Dir: dir}, Tests: tests, Vars: -1})
		if err != nil {
			t.Fatal(err)
		}
		testStackVars(t, r)
	}
}

func testStackVars(t *testing.T, r *alloc.Report) {
	stacks := make(map[string]*alloc.Stack)
	for _, s := range r.FuncStacks {
		stacks[strings.TrimPrefix(s.Func, "example.com/m.")] = s
	}
	for name, want := range map[string][]string{
		"Array":    {"4096 a [4096]byte m.go:29"},
		"Inlines":  {"2048 big [2048]byte m.go:17", "2048 big [2048]byte m.go:17"},
		"ByValue":  {"336 s m.S m.go:38", "336 s m.S m.go:23", "336 r m.S m.go:41"},
		"Unnamed":  {"3000 slice make([]byte, 3000) []byte m.go:46", "336 composite &S{...} m.S m.go:48", "200 map make(map[string]int) map[string]int m.go:49"},
		"Interior": {"336 o m.S m.go:85"},
		"Ranges":   {"336 s m.S m.go:55"},
		"Shares":   {"1000 first [1000]byte m.go:64", "1000 second [1000]byte m.go:68"},
		"Variadic": {"224 variadic fmt.Sprint(a, b, c, d, len(a), a, b, c, d, a, b, c, d, a) []any m.go:73"},
	} {
		s := stacks[name]
		if s == nil {
			t.Errorf("no function %s", name)
			continue
		}
		var got []string
		sum := s.Args + s.Other
		for _, v := range s.Vars {
			if !v.Shared {
				sum += v.Bytes
			}
			got = append(got, strings.Join(strings.Fields(fmt.Sprint(v.Bytes, " ", v.Kind, " ", v.Name, v.Expr, " ", v.Type, " ", v.File, ":", v.Line)), " "))
		}
		if sum != s.Frame || s.Other < 0 || s.Other > 200 {
			t.Errorf("%s: the frame of %d bytes is told as %d, %d of them without a name", name, s.Frame, sum, s.Other)
		}
		for _, w := range want {
			n := 0
			for i, g := range got {
				if g == w {
					n, got[i] = n+1, ""
					break
				}
			}
			if n == 0 {
				t.Errorf("%s: no %q in %q", name, w, got)
			}
		}
	}
	if s := stacks["pass2"]; s == nil || s.Vars != nil || s.Other != 0 {
		t.Errorf("of a small frame is told: %+v", s)
	}
	if s := stacks["Interior"]; len(s.Vars) != 1 {
		t.Errorf("Interior has one variable, told are %+v", s.Vars)
	}
	if s := stacks["ByValue"]; s.Args < 3*336 {
		t.Errorf("ByValue: %d bytes for arguments and results", s.Args)
	}
}
