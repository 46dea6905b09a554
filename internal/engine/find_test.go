package engine

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

var update = flag.Bool("update", false, "write what find says into testdata")

// extract writes the files of an archive into a new directory.
func extract(t *testing.T, a *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said is what the comments of a fixture hold of a site.
func said(s *alloc.Site) string {
	var b strings.Builder
	b.WriteString(string(s.Kind))
	if s.Type != "" {
		b.WriteString(" of " + s.Type)
	}
	if s.Bytes != nil {
		fmt.Fprintf(&b, " (%d B)", *s.Bytes)
	}
	fmt.Fprintf(&b, ": %s, %s", s.Cause, s.Allocates)
	if s.Col == 0 {
		b.WriteString(", no column")
	}
	return b.String()
}

// TestFind holds find against fixtures that say on each line what is there.
func TestFind(t *testing.T) {
	const name = "testdata/find.txtar"
	const mark = " // want "
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Find(t.Context(), FindRequest{
		Build:    Build{Dir: extract(t, a), Env: append(os.Environ(), "GOFLAGS=", "GOWORK=off")},
		Patterns: []string{"./..."}, Never: true, Generated: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	byLine := make(map[string][]*alloc.Site)
	for _, s := range r.Sites {
		place := fmt.Sprintf("%s:%d", s.File, s.Line)
		byLine[place] = append(byLine[place], s)
	}
	for i := range a.Files {
		f := &a.Files[i]
		var out []string
		for n, line := range strings.Split(string(f.Data), "\n") {
			code, want, _ := strings.Cut(line, mark)
			place := fmt.Sprintf("%s:%d", f.Name, n+1)
			sites := byLine[place]
			delete(byLine, place)
			slices.SortStableFunc(sites, func(a, b *alloc.Site) int { return a.Col - b.Col })
			var list []string
			for _, s := range sites {
				list = append(list, said(s))
			}
			got := strings.Join(list, "; ")
			if got != want && !*update {
				t.Errorf("%s: %s\n\tgot  %s\n\twant %s", place, strings.TrimSpace(code), got, want)
			}
			if got != "" {
				code += mark + got
			}
			out = append(out, code)
		}
		f.Data = []byte(strings.Join(out, "\n"))
	}
	for place, sites := range byLine {
		t.Errorf("%s: %v at no line of the source", place, said(sites[0]))
	}
	if *update {
		if err := os.WriteFile(name, txtar.Format(a), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	ids := make(map[string]bool)
	for _, s := range r.Sites {
		if ids[s.ID] {
			t.Errorf("id %s is given twice", s.ID)
		}
		ids[s.ID] = true
		if s.Package != "example.com/fx" || s.Func == "" {
			t.Errorf("%s:%d: package %q, function %q", s.File, s.Line, s.Package, s.Func)
		}
	}
}
