package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stackward-go/stackward/alloc"
)

const whole = `stackward baseline 1
toolchain go1.26 linux/amd64
flags -race -tags=x,y

package example.com/m
package example.com/m/sub

contract example.com/m.(*T).Get noalloc
contract example.com/m.F allocs<=2

# The header, and the map.
budget example.com/m BenchmarkGet B/op <= 512
budget example.com/m BenchmarkGet allocs/op <= 3.05

cost example.com/m BenchmarkGet example.com/m.F#make([]byte,n)#1 allocs/op <= 1

site errors.New#&errorString{text}#1 composite returned in example.com/m.F#1
site errors.New#&errorString{text}#1 composite returned in example.com/m.F#2
site example.com/m.F#make([]byte,n)#1 slice unknown-size
# Twice, for the two halves.
site example.com/m.F#make([]byte,n)#2 slice -
# The end.
`

func read(t testing.TB, text string) *Baseline {
	t.Helper()
	b, err := Read(strings.NewReader(text), "allocs.txt")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func written(t testing.TB, b *Baseline) string {
	t.Helper()
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestRead checks what is read whatever form an editor or a merge gives it.
func TestRead(t *testing.T) {
	t.Parallel()
	const crlf = "\r\n"
	lines := strings.SplitAfter(whole, "\n")
	for name, test := range map[string]struct{ text, want string }{
		"as written":   {whole, whole},
		"CRLF":         {strings.ReplaceAll(whole, "\n", crlf), strings.ReplaceAll(whole, "\n", crlf)},
		"not sorted":   {strings.Join(append(slices.Clone(lines[:3]), lines[14:16]...), "") + strings.Join(lines[3:14], "") + strings.Join(lines[16:], ""), whole},
		"merged twice": {strings.Replace(whole, "package example.com/m\n", "package example.com/m\npackage example.com/m\n", 1) + lines[14] + lines[16], ""},
		"blanks":       {strings.Replace(whole, "site example.com/m.F", "site\t  example.com/m.F", 1), whole},
	} {
		got := written(t, read(t, test.text))
		if test.want == "" {
			test.want = strings.Replace(whole, "# The end.\n", "", 1)
			got = strings.Replace(got, "# The end.\n", "", 1)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestRefused checks that nothing is passed over.
func TestRefused(t *testing.T) {
	t.Parallel()
	const start = "stackward baseline 1\ntoolchain go1.26 linux/amd64\n"
	for text, want := range map[string]string{
		"":                                               "allocs.txt:1: the file is empty",
		"{}\n":                                           `allocs.txt:1: not a baseline: the first line is not "stackward baseline 1"`,
		"stackward baseline 2\n":                         "allocs.txt:1: a baseline of version 2, and this program reads version 1",
		"stackward baseline 1\n":                         "allocs.txt:2: the file ends before its line toolchain",
		start + "site a.F#x#1 new":                       "allocs.txt:3: the last line has no end",
		start + "\n<<<<<<< HEAD\n":                       "allocs.txt:4: a merge conflict",
		start + "=======\n":                              "allocs.txt:3: a merge conflict",
		"<<<<<<< HEAD\n" + start:                         "allocs.txt:1: a merge conflict",
		start + ">>>>>>> other\n":                        "allocs.txt:3: a merge conflict",
		start + "toolchain go1.25 linux/amd64\n":         "allocs.txt:3: a second toolchain",
		start + "sites a.F#x#1 new returned\n":           "allocs.txt:3: unknown: sites a.F#x#1 new returned",
		start + "site a.F#x#0 new returned\n":            "allocs.txt:3: unknown: site a.F#x#0 new returned",
		start + "site a.F new returned\n":                "allocs.txt:3: unknown: site a.F new returned",
		start + "site a.F#x#1 new returned in b.G\n":     "allocs.txt:3: unknown: site a.F#x#1 new returned in b.G",
		start + "site a.F#x#1 new\n":                     "allocs.txt:3: unknown: site a.F#x#1 new",
		start + "site \"a.F#x#1 new returned\n":          "allocs.txt:3: a quotation mark without its other",
		start + "site \"a.F#x#1\"new returned\n":         "allocs.txt:3: a word begins right behind a quoted one",
		start + "package a b\n":                          "allocs.txt:3: unknown: package a b",
		start + "contract a.F\n":                         "allocs.txt:3: unknown: contract a.F",
		start + "budget BenchmarkF a allocs <= 3\n":      "allocs.txt:3: unknown: budget BenchmarkF a allocs <= 3",
		start + "budget a BenchmarkF allocs/op < 3\n":    "allocs.txt:3: unknown: budget a BenchmarkF allocs/op < 3",
		start + "budget a BenchmarkF allocs/op <= -1\n":  "allocs.txt:3: unknown: budget a BenchmarkF allocs/op <= -1",
		start + "budget a BenchmarkF allocs/op <= NaN\n": "allocs.txt:3: unknown: budget a BenchmarkF allocs/op <= NaN",
		start + "budget a BenchmarkF ns/op <= 3\n":       "allocs.txt:3: unknown: budget a BenchmarkF ns/op <= 3",
		start + "cost a BenchmarkF a.F allocs/op <= 3\n": "allocs.txt:3: unknown: cost a BenchmarkF a.F allocs/op <= 3",
		start + "budget a BenchmarkF B/op <= 3\nbudget a BenchmarkF B/op <= 4\n":                              "allocs.txt:4: another limit than in line 3",
		start + "cost a BenchmarkF a.F#x#1 allocs/op <= 3\n\ncost a BenchmarkF a.F#x#1 allocs/op <= 4\n":      "allocs.txt:5: another limit than in line 3",
		start + "flags -race\nflags -tags=x\n":                                                                "allocs.txt:4: unknown: flags -tags=x",
		start + "flags\n":                                                                                     "allocs.txt:3: unknown: flags",
		"stackward baseline 1\n# mine\ntoolchain go1.26 linux/amd64\n":                                        "allocs.txt:3: unknown: toolchain go1.26 linux/amd64",
		"stackward baseline 1\ntoolchain go1.26 linux/amd64\r\n  \r\n\x00\n":                                  `allocs.txt:4: unknown: "\x00"`,
		start + "budget a BenchmarkF B/op <= 3\nbudget a BenchmarkF B/op <= 3\nbudget a BenchmarkF B/op <= 3": "allocs.txt:5: the last line has no end",
	} {
		_, err := Read(strings.NewReader(text), "allocs.txt")
		e, ok := errors.AsType[*SyntaxError](err)
		if !ok || e.Error() != want {
			t.Errorf("%q:\n%v, want\n%s", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(strings.ReplaceAll(whole, "\n", "\r\n")))
	f.Add([]byte("stackward baseline 1\ntoolchain go1.26 linux/amd64\nsite \"a.F#\\\"b c\\\"#1\" new -\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Read(bytes.NewReader(data), "f")
		if err != nil {
			return
		}
		first := written(t, b)
		again, err := Read(strings.NewReader(first), "f")
		if err != nil {
			t.Fatalf("%v in what was written:\n%s", err, first)
		}
		if diff := cmp.Diff(b, again, cmp.AllowUnexported(Baseline{}), cmpopts.IgnoreFields(Entry{}, "Line"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("-read +read again:\n%s", diff)
		}
		if second := written(t, again); second != first {
			t.Errorf("written %q, then %q", first, second)
		}
	})
}

// sites makes sites of their ids, each a line below the one before.
func sites(ids ...string) []*alloc.Site {
	var list []*alloc.Site
	for i, id := range ids {
		fn, _, _ := strings.Cut(id, "#")
		pkg, name, _ := strings.Cut(fn, ".")
		list = append(list, &alloc.Site{ID: id, Package: pkg, Func: name, Pos: alloc.Pos{File: "m.go", Line: i + 1, Col: 2}, Kind: alloc.New, Cause: alloc.Returned})
	}
	return list
}

func now(sites []*alloc.Site, packages ...string) Now {
	return Now{&alloc.Report{Sites: sites}, packages}
}

func baselineOf(ids ...string) *Baseline {
	b := &Baseline{Name: "allocs.txt", Target: Target{Toolchain: "go1.26", Platform: "linux/amd64"}, Packages: []Package{{Path: "m"}}}
	for _, id := range ids {
		b.Sites = append(b.Sites, Site{ID: id, Kind: alloc.New, Cause: alloc.Returned})
	}
	return b
}

// TestNew checks which sites are new, and what is said of them.
func TestNew(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		was, are []string
		want     []string
		gone     int
	}{
		{"the same", []string{"m.F#x#1", "m.F#x#2"}, []string{"m.F#x#1", "m.F#x#2"}, nil, 0},
		{"one more", []string{"m.F#x#1"}, []string{"m.F#x#1", "m.G#y#1"}, []string{"m.go:2:2 m.G#y#1: new allocation: new: returned"}, 0},
		{"one less", []string{"m.F#x#1", "m.G#y#1"}, []string{"m.F#x#1"}, nil, 1},
		{"one of equals more", []string{"m.F#x#1"}, []string{"m.F#x#1", "m.F#x#2"},
			[]string{"m.go:2:2 m.F#x#2: new allocation: new: returned, one of 2 equal ones in this function, where 1 were"}, 0},
		{"ordinals change, not their number", []string{"m.F#x#2", "m.F#x#3"}, []string{"m.F#x#1", "m.F#x#2"}, nil, 0},
		{"one of equals less", []string{"m.F#x#1", "m.F#x#2"}, []string{"m.F#x#1"}, nil, 1},
		{"a function is renamed", []string{"m.F#x#1"}, []string{"m.G#x#1"}, []string{"m.go:1:2 m.G#x#1: new allocation: new: returned, perhaps moved from m.F"}, 1},
		{"a package more", []string{"m.F#x#1"}, []string{"m.F#x#1", "m/sub.F#x#1"}, []string{"m.go:2:2 m/sub.F#x#1: new allocation: new: returned"}, 0},
	}
	for _, test := range tests {
		b := baselineOf(test.was...)
		build := now(sites(test.are...), "m", "m/sub")
		var got []string
		for _, f := range b.Findings(build) {
			got = append(got, fmt.Sprintf("%s:%d:%d %s: %s", f.File, f.Line, f.Col, f.Site, f.Message))
			if f.Rule != alloc.RuleNewSite {
				t.Errorf("%s: rule %s", test.name, f.Rule)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if n := b.Gone(build); n != test.gone {
			t.Errorf("%s: %d gone, want %d", test.name, n, test.gone)
		}
		old := now(sites(test.was...), "m")
		if list := New(old, build); len(list) != len(test.want) {
			t.Errorf("%s: against a revision %d findings", test.name, len(list))
		}
		b.Tighten(build)
		if list := b.Findings(build); len(list) != len(test.want) {
			t.Errorf("%s: tightened, %d findings, want %d", test.name, len(list), len(test.want))
		}
		if n := b.Gone(build); n != 0 {
			t.Errorf("%s: tightened, %d gone", test.name, n)
		}
		b.Accept(b.Target, build)
		if list := b.Findings(build); len(list) > 0 {
			t.Errorf("%s: accepted, and found %s", test.name, list[0].Message)
		}
	}
}

// TestInlined counts what other packages allocate where it is inlined into the
// user's functions.
func TestInlined(t *testing.T) {
	t.Parallel()
	site := func(in ...string) []*alloc.Site {
		s := sites("errors.New#&errorString{text}#1")[0]
		for i, fn := range in {
			s.Inlined = append(s.Inlined, alloc.Inlining{Func: fn, Pos: alloc.Pos{File: "m.go", Line: 10 + i, Col: 1}})
		}
		return []*alloc.Site{s}
	}
	b := baselineOf()
	was := now(site("m.F", "other.F", "m.(*T).G[...]"), "m")
	b.Accept(b.Target, was)
	want := `stackward baseline 1
toolchain go1.26 linux/amd64

package m

site errors.New#&errorString{text}#1 new returned in m.(*T).G[...]#1
site errors.New#&errorString{text}#1 new returned in m.F#1
`
	if diff := cmp.Diff(want, written(t, b)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if list := b.Findings(was); list != nil {
		t.Errorf("%v", list[0])
	}
	list := b.Findings(now(site("m.F", "m.F", "m.(*T).G[...]"), "m"))
	if len(list) != 1 || list[0].Line != 11 || list[0].Func != "m.F" || !strings.Contains(list[0].Message, "of errors.New inlined here, one of 2 equal ones") {
		t.Errorf("%+v", list)
	}
}

// TestMissing checks that a gate which looks at less than it did says so.
func TestMissing(t *testing.T) {
	t.Parallel()
	b := read(t, whole)
	got := make(map[string]string)
	for _, f := range b.Findings(now(nil, "example.com/m/sub")) {
		if f.Rule != alloc.RuleMissing || f.File != "allocs.txt" {
			t.Errorf("%+v", f)
		}
		got[fmt.Sprint(f.Line)] = f.Message
	}
	want := map[string]string{
		"5":  "package example.com/m is in the baseline, and was not checked",
		"8":  "the contract noalloc of example.com/m.(*T).Get is in the baseline, and not in the source",
		"9":  "the contract allocs<=2 of example.com/m.F is in the baseline, and not in the source",
		"12": "BenchmarkGet of example.com/m is in the baseline, and did not run",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Only packages and sites are forgotten unasked.
	b.Tighten(now(nil, "example.com/m/sub"))
	if len(b.Packages) != 1 || len(b.Contracts) != 2 || len(b.Limits) != 3 || len(b.Sites) != 0 {
		t.Errorf("tightened:\n%s", written(t, b))
	}
	b.Accept(b.Target, now(nil, "example.com/m/sub"))
	if len(b.Contracts) != 0 || len(b.Limits) != 0 {
		t.Errorf("accepted:\n%s", written(t, b))
	}
}

// measured is a benchmark with as many runs as it has figures.
func measured(bytes float64, allocs ...float64) Now {
	n := now(sites("m.F#x#1"), "m")
	b := &alloc.Benchmark{Name: "BenchmarkF", Package: "m", BytesPerOp: bytes, AllocsPerOp: allocs[0]}
	if len(allocs) > 1 {
		b.Values = map[string][]float64{"allocs/op": allocs}
	}
	n.Report.Benchmarks = []*alloc.Benchmark{b}
	n.Report.Costs = []*alloc.Cost{
		{Site: "m.F#x#1", Source: "BenchmarkF", Package: "m", AllocsPerOp: allocs[0] / 2},
		{Site: "m.F#x#1", Source: "BenchmarkF", Package: "m", AllocsPerOp: allocs[0] / 2},
		{Site: "runtime.x#y#1", Source: "BenchmarkF", Package: "m", AllocsPerOp: 0.01},
	}
	return n
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const file = `stackward baseline 1
toolchain go1.26 linux/amd64

package m

budget m BenchmarkF B/op <= 64
budget m BenchmarkF allocs/op <= 2

cost m BenchmarkF m.F#x#1 allocs/op <= 2

site m.F#x#1 new returned
`
	tests := []struct {
		name string
		now  Now
		want []string
		// What becomes of the three limits.
		tight, all string
	}{
		{"as allowed", measured(64, 2), nil, "64 2 2", "64 2 2"},
		{"start-up", measured(64.9, 2.009), nil, "64 2 2", "65 2.01 2.01"},
		{"the least of three runs", measured(64, 2, 3, 4), nil, "64 2 2", "64 4 2"},
		{"more", measured(80, 3), []string{
			"allocs.txt:6 BenchmarkF: 80 B/op, and its budget is 64",
			"allocs.txt:7 BenchmarkF: 3 allocs/op, and its budget is 2",
			"m.go:1 BenchmarkF: 3 allocs/op here, and the baseline has 2",
		}, "64 2 2", "80 3 3"},
		{"a half", measured(64, 2.5), []string{
			"allocs.txt:7 BenchmarkF: 2.5 allocs/op, and its budget is 2",
			"m.go:1 BenchmarkF: 2.5 allocs/op here, and the baseline has 2",
		}, "64 2 2", "64 2.5 2.5"},
		{"less", measured(16, 1.001), nil, "16 1.01 1.01", "16 1.01 1.01"},
	}
	figures := func(b *Baseline) string {
		var s []string
		for _, l := range b.Limits {
			s = append(s, figure(l.Max))
		}
		return strings.Join(s, " ")
	}
	for _, test := range tests {
		b := read(t, file)
		var got []string
		for _, f := range b.Findings(test.now) {
			got = append(got, fmt.Sprintf("%s:%d %s", f.File, f.Line, f.Message))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		b.Tighten(test.now)
		if got := figures(b); got != test.tight {
			t.Errorf("%s: tightened to %s, want %s", test.name, got, test.tight)
		}
		b.Accept(b.Target, test.now)
		if got := figures(b); got != test.all {
			t.Errorf("%s: accepted %s, want %s", test.name, got, test.all)
		}
	}
	b := baselineOf("m.F#x#1")
	b.Accept(b.Target, measured(64, 2))
	if got := written(t, b); got != file {
		t.Errorf("made from what was measured:\n%s", got)
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	b := read(t, whole)
	h := &alloc.Header{Go: "go1.26.8", GOOS: "linux", GOARCH: "amd64"}
	if d := b.Differs(TargetOf(h, []string{"-tags=x,y", "-race"})); d != "" {
		t.Error(d)
	}
	if d, want := b.Differs(TargetOf(h, nil)), "allocs.txt is of go1.26 linux/amd64 -race -tags=x,y, and this is go1.26 linux/amd64"; d != want {
		t.Errorf("%s, want %s", d, want)
	}
	for version, want := range map[string]string{
		"go1.26.8": "go1.26", "go1.26": "go1.26", "go1.27rc1": "go1.27", "go1.26.8 X:arenas": "go1.26,X:arenas",
		"devel go1.28-fa3b81 Tue Nov 3": "go1.28", "mine": "mine",
	} {
		if got := series(version); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
}

// TestFormats checks that docs/formats.md has every kind of entry.
func TestFormats(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", "formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## Baseline\n")
	for _, word := range []string{"stackward baseline 1", "toolchain", "flags", "package", "contract", "budget", "cost", "site"} {
		if !strings.Contains(section, word) {
			t.Errorf("the section Baseline does not name %s", word)
		}
	}
}
