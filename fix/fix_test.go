package fix

import (
	"flag"
	"go/format"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Each fixer has a folder of its name in testdata/src, with packages in it.
func TestFixers(t *testing.T) {
	if err := analysis.Validate(Suite); err != nil {
		t.Fatal(err)
	}
	for _, a := range Suite {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", "src", a.Name)
			if _, err := os.Stat(dir); err != nil {
				t.Fatal(err)
			}
			for _, r := range analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), a, a.Name+"/...") {
				checkRefusals(t, r)
				if *update {
					writeGoldens(t, r)
				}
			}
		})
	}
}

var update = flag.Bool("update", false, "write what the fixers make of the fixtures into their goldens")

// writeGoldens writes what all fixes make of each file that one changes.
func writeGoldens(t *testing.T, r *analysistest.Result) {
	t.Helper()
	fset := r.Action.Package.Fset
	edits := make(map[*token.File][]analysis.TextEdit)
	for _, c := range r.Result.(*Result).Candidates {
		for _, e := range c.Edits {
			f := fset.File(e.Pos)
			if !slices.ContainsFunc(edits[f], func(o analysis.TextEdit) bool {
				return o.Pos == e.Pos && o.End == e.End && string(o.NewText) == string(e.NewText)
			}) {
				edits[f] = append(edits[f], e)
			}
		}
	}
	for f, list := range edits {
		src, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(list, func(a, b analysis.TextEdit) int { return int(a.Pos - b.Pos) })
		for _, e := range slices.Backward(list) {
			src = slices.Replace(src, f.Offset(e.Pos), f.Offset(e.End), e.NewText...)
		}
		if src, err = format.Source(src); err == nil {
			err = os.WriteFile(f.Name()+".golden", src, 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A comment says in regular expressions why nothing is proposed on its line.
//
//	// refuse "aliased" `captured`
var refuse = regexp.MustCompile("// refuse((?: (?:\"[^\"]*\"|`[^`]*`))+)")

// checkRefusals compares a fixer's refusals with the comments of the fixture.
// A line without such a comment may be refused for any reason.
func checkRefusals(t *testing.T, r *analysistest.Result) {
	t.Helper()
	type line struct {
		file string
		n    int
	}
	at := func(pos token.Pos) line {
		p := r.Action.Package.Fset.PositionFor(pos, false)
		return line{p.Filename, p.Line}
	}
	got := make(map[line][]string)
	for _, ref := range r.Result.(*Result).Refusals {
		got[at(ref.Pos)] = append(got[at(ref.Pos)], ref.Reason)
	}
	for _, f := range r.Action.Package.Syntax {
		for _, g := range f.Comments {
			for _, c := range g.List {
				m := refuse.FindStringSubmatch(c.Text)
				if m == nil {
					continue
				}
				l := at(c.Pos())
				wants := refuseArg.FindAllString(m[1], -1)
				for _, want := range wants {
					re, err := regexp.Compile(want[1 : len(want)-1])
					if err != nil {
						t.Fatalf("%s:%d: %v", l.file, l.n, err)
					}
					if !slices.ContainsFunc(got[l], re.MatchString) {
						t.Errorf("%s:%d: refused for %q, want %s", l.file, l.n, got[l], want)
					}
				}
				if len(got[l]) > len(wants) {
					t.Errorf("%s:%d: refused for %q, want only %s", l.file, l.n, got[l], wants)
				}
			}
		}
	}
}

var refuseArg = regexp.MustCompile("\"[^\"]*\"|`[^`]*`")
