package gocmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

// TestProfiles builds with CPU profiles that the go command has never seen: of
// -pgo, and the default.pgo of a main package.
func TestProfiles(t *testing.T) {
	t.Parallel()
	const hot = `
-- go.mod --
module example.com/m

go 1.24
-- main.go --
package main

type T struct{ a [4]int }

func mk(n int) *T {
	t := &T{}
	for i := range t.a {
		t.a[i] = div(n, i) + div(i, n)
	}
	return t
}

//go:noinline
func div(n, m int) int { return n / m }

func use(n int) int { return mk(n).a[n&3] }

func main() { println(use(2)) }
`
	const inlined = "./main.go:16:32: inlining call to mk\n"
	write := func(t *testing.T, file, pkg string) {
		f, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		use := &profile.Function{ID: 1, Name: pkg + ".use", StartLine: 16}
		mk := &profile.Function{ID: 2, Name: pkg + ".mk", StartLine: 5}
		call := &profile.Location{ID: 1, Line: []profile.Line{{Function: use, Line: 16}}}
		body := &profile.Location{ID: 2, Line: []profile.Line{{Function: mk, Line: 6}}}
		n := time.Now().UnixNano() // new to the build cache
		p := &profile.Profile{
			SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
			Sample:     []*profile.Sample{{Location: []*profile.Location{body, call}, Value: []int64{n, n}}},
			Location:   []*profile.Location{call, body},
			Function:   []*profile.Function{use, mk},
		}
		if err := p.Write(f); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("flag", func(t *testing.T) {
		t.Parallel()
		c := module(t, strings.ReplaceAll(hot, "package main", "package m"))
		file := filepath.Join(c.Dir, "cpu.pgo")
		write(t, file, "example.com/m")
		c.BuildFlags = []string{"-pgo=" + file}
		if _, text := diagnose(t, c, Request{Patterns: []string{"."}}); !strings.Contains(text, inlined) {
			t.Errorf("built without the profile:\n%s", text)
		}
		c.BuildFlags = []string{"-pgo=off"}
		if _, text := diagnose(t, c, Request{Patterns: []string{"."}}); strings.Contains(text, inlined) {
			t.Errorf("built with a profile:\n%s", text)
		}
		c.BuildFlags = []string{"-pgo=" + filepath.Join(c.Dir, "go.mod")}
		if _, err := c.Build(t.Context(), Request{Patterns: []string{"."}}); err == nil || !strings.Contains(err.Error(), "profile") {
			t.Errorf("error of a file that is no profile: %v", err)
		}
	})
	t.Run("default", func(t *testing.T) {
		t.Parallel()
		c := module(t, hot)
		write(t, filepath.Join(c.Dir, "default.pgo"), "main")
		if _, text := diagnose(t, c, Request{Patterns: []string{"."}, Diagnose: true}); !strings.Contains(text, inlined) {
			t.Errorf("built without the profile:\n%s", text)
		}
	})
}
