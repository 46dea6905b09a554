package correlate

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// label marks a line of a fixture: "//= name what…", where what is the size of
// a slot that is allocated there, or the name of a function that is called.
var label = regexp.MustCompile(`//= (\w+)((?: \S+)*)$`)

// A fixture has the source of old below then/, and today's below now/. What
// stands at a label in the one is to be found at the same label in the other,
// and is gone where that has none.
type fixture struct {
	then    []Then
	samples []alloc.Sample
	labels  []string // of the samples' frames
	today   *Today
	want    map[string]string // label to file:line
}

func readFixture(t *testing.T, file string) *fixture {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fx := &fixture{today: &Today{Mains: []string{"example.com/m/cmd"}}, want: make(map[string]string)}
	files := make(map[string][]*expr.File)
	for _, f := range a.Files {
		src, err := expr.Parse(nil, "/"+f.Name, f.Data)
		if err != nil {
			t.Fatal(err)
		}
		// then/DIR/x.go is of package example.com/m/DIR.
		when, rest, _ := strings.Cut(f.Name, "/")
		pkg := path.Join("example.com/m", path.Dir(rest))
		if when == "now" {
			files[pkg] = append(files[pkg], src)
		} else if src.Package == "main" {
			pkg = "main"
		}
		for _, fn := range src.Functions() {
			if when == "then" {
				fx.then = append(fx.then, Then{Func: alias(pkg, fn.Name), File: src.Name, Line: fn.Start})
			}
		}
		for i, line := range strings.Split(string(f.Data), "\n") {
			m := label.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			at := fmt.Sprintf("%s:%d", src.Name, i+1)
			for _, what := range strings.Fields(m[2]) {
				frame := alloc.Frame{Func: alias(pkg, inside(src, i+1)), File: src.Name, Line: i + 1}
				slot, err := strconv.ParseInt(what, 10, 64)
				switch {
				case when == "now" && err == nil:
					fx.today.Calls = append(fx.today.Calls, alloc.Call{Entry: "runtime.newobject", Bytes: slot, Frames: []alloc.Frame{frame}})
				case when == "now":
				case err == nil:
					fx.samples = append(fx.samples, alloc.Sample{Allocs: 1, Bytes: float64(slot), Slot: slot, Frames: []alloc.Frame{frame}})
					fx.labels = append(fx.labels, m[1])
				default:
					callee := alloc.Frame{Func: "example.com/other." + what, File: "/other.go", Line: 1}
					fx.samples = append(fx.samples, alloc.Sample{Allocs: 1, Bytes: 8, Slot: 8, Frames: []alloc.Frame{callee, frame}})
					fx.labels = append(fx.labels, m[1])
				}
			}
			if when == "now" {
				fx.want[m[1]] = at
			}
		}
	}
	fx.today.Files = func(pkg string) []*expr.File { return files[pkg] }
	fx.today.Slot = func(bytes int64, _ bool) int64 { return bytes }
	return fx
}

// inside is the innermost function around a line.
func inside(f *expr.File, line int) string {
	name, width := "init", 1<<30
	for _, fn := range f.Functions() {
		if fn.Start <= line && line <= fn.End && fn.End-fn.Start < width {
			name, width = fn.Name, fn.End-fn.Start
		}
	}
	return name
}

// alias is a function's full name: a literal of (*Store).OnAdd is one of a
// function that OnAdd was inlined into.
func alias(pkg, name string) string {
	if strings.HasPrefix(name, "(*Store).OnAdd.func") {
		return "main.main." + name
	}
	return pkg + "." + name
}

func TestMove(t *testing.T) {
	archives, err := filepath.Glob("testdata/moved/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if _, err := os.Stat(file); err != nil {
				t.Fatal(err)
			}
			fx := readFixture(t, file)
			fx.today.Move(fx.then, fx.samples, func(fn string) bool { return strings.HasPrefix(fn, "example.com/m") })
			want, got := make(map[string]string), make(map[string]string)
			for i, name := range fx.labels {
				f := fx.samples[i].Frames[len(fx.samples[i].Frames)-1]
				got[name] = fmt.Sprintf("%s:%d", f.File, f.Line)
				if f.Line == 0 {
					got[name] = "gone"
				}
				want[name] = fx.want[name]
				if want[name] == "" {
					want[name] = "gone"
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("lines (-want +got):\n%s", d)
			}
		})
	}
}

func TestMovedWeights(t *testing.T) {
	fx := readFixture(t, "testdata/moved/edited.txtar")
	m := fx.today.Move(fx.then, fx.samples, func(fn string) bool { return strings.HasPrefix(fn, "example.com/m") })
	all := m.Same.Objects + m.Shifted.Objects + m.Gone.Objects
	if int(all) != len(fx.samples) || m.Same.Objects == 0 || m.Shifted.Objects == 0 || m.Gone.Objects == 0 {
		t.Errorf("of %d objects %v same, %v shifted, %v gone", len(fx.samples), m.Same.Objects, m.Shifted.Objects, m.Gone.Objects)
	}
}

func TestDeclared(t *testing.T) {
	for name, want := range map[string]string{
		"F": "F", "F.func1": "F", "F.func1.2": "F", "(*T).M.func2": "(*T).M", "F-range1": "F",
		"F.gowrap1": "F", "F.deferwrap2": "F", "T.M-fm": "T.M", "funcMap": "funcMap", "T.funcs": "T.funcs",
		"Map[...].func1": "Map[...]", "init.0.func1": "init.0",
	} {
		if got := Declared(name); got != want {
			t.Errorf("Declared(%q) = %q, want %q", name, got, want)
		}
	}
}
