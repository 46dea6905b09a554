package gcdiag

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

var update = flag.Bool("update", false, "record the compilers' text and write the goldens")

// toolchains are those whose text is recorded in testdata.
var toolchains = []string{"go1.24.9", "go1.25.3", "go1.26.8", "go1.27.0"}

// print writes diagnostics as the goldens have them.
func dump(text []byte) string {
	var b strings.Builder
	for d, err := range Read(bytes.NewReader(text), "/dir") {
		if err != nil {
			fmt.Fprintf(&b, "error: %v\n", err)
			continue
		}
		if d.Verdict == alloc.CanInline || d.Verdict == alloc.CannotInline {
			continue
		}
		fmt.Fprintf(&b, "%s %s:%d:%d: %s %q", d.Package, filepath.Base(d.Pos.File), d.Pos.Line, d.Pos.Col, d.Verdict, d.Expr)
		if d.Func != "" {
			fmt.Fprintf(&b, " in %s", d.Func)
		}
		if d.To != "" {
			fmt.Fprintf(&b, " to %s derefs %d", d.To, d.Derefs)
		}
		if d.Content {
			b.WriteString(" content")
		}
		if d.Reason != "" {
			fmt.Fprintf(&b, " because %s", d.Reason)
		}
		b.WriteString("\n")
		for _, l := range d.Flow {
			if l.Dst != "" {
				fmt.Fprintf(&b, "\t%s ← %s\n", l.Dst, l.Src)
			} else {
				fmt.Fprintf(&b, "\t\t%s: %s at %d:%d\n", l.Step, l.Text, l.Pos.Line, l.Pos.Col)
			}
		}
	}
	return b.String()
}

// TestGolden reads the text that each toolchain printed of one fixture.
func TestGolden(t *testing.T) {
	fixture, err := os.ReadFile("testdata/fixture.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range toolchains {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			record := filepath.Join("testdata", version+".text")
			golden := filepath.Join("testdata", version+".golden")
			if *update {
				if err := os.WriteFile(record, compileFixture(t, version, fixture), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			text, err := os.ReadFile(record)
			if err != nil {
				t.Fatal(err)
			}
			got := dump(text)
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("-want +got (go test ./internal/gcdiag -update records anew):\n%s", diff)
			}
			// What no toolchain may lose.
			for _, line := range []string{
				`escapes to heap "&T{...}"`, `moved to heap "y"`, `to {heap} derefs 0`, `content`,
				`because too large for stack`, `escapes to heap "7"`,
			} {
				if !strings.Contains(got, line) {
					t.Errorf("no %q", line)
				}
			}
		})
	}
}

// compileFixture asks a toolchain, which the go command fetches if need be.
func compileFixture(t *testing.T, version string, fixture []byte) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string][]byte{"go.mod": []byte("module example.com/m\n\ngo 1.24\n"), "m.go": fixture} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-gcflags=-m=2", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "PWD="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return out
}

func TestForms(t *testing.T) {
	pos := func(file string, line, col int) alloc.Pos { return alloc.Pos{File: file, Line: line, Col: col} }
	for _, test := range []struct {
		name, text string
		want       []alloc.Diagnostic
		unknown    []string
	}{
		{
			name: "plain and repeated",
			text: "# a/b\n./x.go:1:2: new(T) escapes to heap\n./x.go:1:2: new(T) escapes to heap\n",
			want: []alloc.Diagnostic{{Package: "a/b", Pos: pos("/dir/x.go", 1, 2), Verdict: alloc.EscapesToHeap, Expr: "new(T)"}},
		},
		{
			name: "explained by a fuller text",
			text: "# a\nx.go:1:2: append(s, 1) escapes to heap in G[go.shape.[]int]:\nx.go:1:2:   flow: {heap} ← &{storage for append(s, 1)}:\n" +
				"x.go:1:2:     from append(s, 1) (spill) at x.go:1:2\nx.go:1:2: append escapes to heap\n",
			want: []alloc.Diagnostic{{
				Package: "a", Func: "G[...]", Pos: pos("/dir/x.go", 1, 2), Verdict: alloc.EscapesToHeap, Expr: "append(s, 1)",
				Flow: []alloc.FlowLine{
					{Dst: "{heap}", Src: "&{storage for append(s, 1)}"},
					{Text: "append(s, 1)", Step: "spill", Pos: pos("/dir/x.go", 1, 2)},
				},
			}},
		},
		{
			name: "two at one position stay two",
			text: "# a\nx.go:1:2: &T{...} escapes to heap\nx.go:1:2: &U{...} escapes to heap\n",
			want: []alloc.Diagnostic{
				{Package: "a", Pos: pos("/dir/x.go", 1, 2), Verdict: alloc.EscapesToHeap, Expr: "&T{...}"},
				{Package: "a", Pos: pos("/dir/x.go", 1, 2), Verdict: alloc.EscapesToHeap, Expr: "&U{...}"},
			},
		},
		{
			name: "verdicts quoted, colons and drives in names, test variant, line ends",
			text: "# a [a.test]\r\nC:\\m:1\\x y.go:3:4: \"moved to heap: a\\nx.go:1:2: b does not escape\" escapes to heap\r\n",
			want: []alloc.Diagnostic{{
				Package: "a", Pos: pos(filepath.ToSlash("C:\\m:1\\x y.go"), 3, 4), Verdict: alloc.EscapesToHeap,
				Expr: `"moved to heap: a\nx.go:1:2: b does not escape"`,
			}},
		},
		{
			name: "leaks",
			text: "# a\nx.go:1:2: parameter p leaks to ~r0 for F with derefs=1:\nx.go:1:2:   flow: ~r0 ← *p:\nx.go:1:2: leaking param: p to result ~r0 level=1\nx.go:1:3: leaking param content: q\n",
			want: []alloc.Diagnostic{
				{
					Package: "a", Func: "F", Pos: pos("/dir/x.go", 1, 2), Verdict: alloc.Leaks, Expr: "p", To: "~r0", Derefs: 1,
					Flow: []alloc.FlowLine{{Dst: "~r0", Src: "*p"}},
				},
				{Package: "a", Pos: pos("/dir/x.go", 1, 3), Verdict: alloc.Leaks, Expr: "q", To: "{heap}", Content: true},
			},
		},
		{
			name:    "what is no diagnostic",
			text:    "# a\nx.go:1:2: undefined: y\nsome linker speaks\n<autogenerated>:1: leaking param: p\n",
			want:    []alloc.Diagnostic{{Package: "a", Pos: pos("<autogenerated>", 1, 0), Verdict: alloc.Leaks, Expr: "p", To: "{heap}"}},
			unknown: []string{"x.go:1:2: undefined: y", "some linker speaks"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []alloc.Diagnostic
			var unknown []string
			for d, err := range Read(strings.NewReader(test.text), "/dir") {
				if u, ok := errors.AsType[*Unknown](err); ok {
					unknown = append(unknown, u.Text)
				} else if err != nil {
					t.Fatal(err)
				} else {
					got = append(got, *d)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.unknown, unknown); diff != "" {
				t.Errorf("unknown, -want +got:\n%s", diff)
			}
		})
	}
}

var (
	header = regexp.MustCompile(`^// errorcheck( -0)?((?: -[a-zA-Z0-9=+./]+)*)\n`)
	marks  = regexp.MustCompile(`// ERROR (.*)`)
)

// TestOracle holds the reader against the Go project's own tests of the
// compiler: each line that must say "escapes to heap" or "moved to heap" does.
func TestOracle(t *testing.T) {
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(goroot)), "test", "*.go"))
	if len(files) == 0 {
		t.Skip("this GOROOT has no test directory")
	}
	importcfg := importConfig(t)
	tried, lines := 0, 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := header.FindSubmatch(src)
		if m == nil || !bytes.Contains(m[2], []byte(" -m")) || !bytes.Contains(src, []byte("to heap")) {
			continue
		}
		if testing.Short() && tried%10 != 0 {
			tried++
			continue
		}
		tried++
		args := []string{"tool", "compile", "-p=p", "-importcfg=" + importcfg, "-o", filepath.Join(t.TempDir(), "o")}
		for _, f := range strings.Fields(string(m[2])) {
			if f != "-m" {
				args = append(args, f)
			}
		}
		// The compiler may refuse what the test means to be wrong.
		out, _ := exec.Command("go", append(args, "-m=2", file)...).CombinedOutput()
		if !bytes.Contains(out, []byte("to heap")) {
			t.Fatalf("%s: %s", file, out)
		}
		found := make(map[int]bool)
		for d, err := range Read(bytes.NewReader(out), "/") {
			if err == nil && (d.Verdict == alloc.EscapesToHeap || d.Verdict == alloc.MovedToHeap) {
				found[d.Pos.Line] = true
			}
		}
		for i, line := range strings.Split(string(src), "\n") {
			mark := marks.FindStringSubmatch(line)
			if mark == nil {
				continue
			}
			if !strings.Contains(mark[1], "escapes to heap") && !strings.Contains(mark[1], "moved to heap") {
				continue
			}
			lines++
			if !found[i+1] {
				t.Errorf("%s:%d: no heap diagnostic, want %s", filepath.Base(file), i+1, mark[1])
			}
		}
	}
	if lines == 0 {
		t.Error("found no line to hold against")
	}
	t.Log(tried, "files,", lines, "lines")
}

// importConfig names the archives of the standard library for the compiler.
func importConfig(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{if .Export}}packagefile {{.ImportPath}}={{.Export}}{{end}}", "fmt", "os", "strings", "errors", "runtime",
		"unsafe", "sync", "sync/atomic", "reflect", "math", "internal/runtime/atomic", "time", "io", "bytes", "strconv", "sort", "iter", "slices", "unique", "net/http", "encoding/json", "testing").Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "importcfg")
	if err := os.WriteFile(file, out, 0o666); err != nil {
		t.Fatal(err)
	}
	return file
}

// recorded are the recorded texts.
func recorded(t testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/*.text")
	if err != nil || len(files) == 0 {
		t.Fatalf("no recorded text: %v", err)
	}
	var out [][]byte
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

func FuzzRead(f *testing.F) {
	for _, text := range recorded(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for d, err := range Read(bytes.NewReader(text), "/dir") {
			if (d == nil) == (err == nil) {
				t.Fatal("neither a diagnostic nor an error, or both")
			}
		}
	})
}

// BenchmarkRead claims 200 MB/s on one core.
func BenchmarkRead(b *testing.B) {
	var text []byte
	for i := range 200 {
		for _, t := range recorded(b) {
			text = append(text, bytes.ReplaceAll(t, []byte("m.go:"), []byte("m"+strconv.Itoa(i)+".go:"))...)
		}
	}
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for _, err := range Read(bytes.NewReader(text), "/dir") {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
