package text

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// narrow is a report of sites with long names: of the user's own, and of a
// library's far below.
func narrow(command string) *alloc.Report {
	b := &alloc.Benchmark{Name: "BenchmarkDecode", Source: "recorder", NsPerOp: 5200, AllocsPerOp: 4, RecordedAllocsPerOp: 4, BytesPerOp: 300, N: 100, Explained: 0.75, UnexplainedAllocsPerOp: 1}
	bytes := int64(48)
	r := &alloc.Report{
		Header:     alloc.Header{Command: command},
		Benchmarks: []*alloc.Benchmark{b},
		Sites: []*alloc.Site{
			{ID: "own", Package: "m/codec/json", Func: "F", Pos: alloc.Pos{File: "codec/json/json.go", Line: 24, Col: 9}, Kind: alloc.Composite, Type: "json.configurationOfTheWholeProgram", Bytes: &bytes, Cause: alloc.Returned},
			{ID: "far", Package: "encoding/json", Func: "(*decodeState).objectInterface", Pos: alloc.Pos{File: "/go/decode.go", Line: 700}, Kind: alloc.MapGrowth, Type: "map[string]interface {}", Cause: alloc.Growth,
				Inlined: []alloc.Inlining{{Pos: alloc.Pos{File: "codec/json/json.go", Line: 30, Col: 3}}, {Pos: alloc.Pos{File: "codec/json/json.go", Line: 31}}}, LoopDepth: 1},
			{ID: "odd", Package: "encoding/json", Func: "f", Pos: alloc.Pos{File: "/go/decode.go", Line: 9}, Kind: alloc.New, Type: "int"},
		},
	}
	via := []alloc.Frame{
		{Func: "m/codec/json.F", File: "codec/json/json.go", Line: 30},
		{Func: "encoding/json.Unmarshal", File: "/go/decode.go", Line: 112},
		{Func: "encoding/json.(*decodeState).objectInterface", File: "/go/decode.go", Line: 700},
	}
	for _, c := range []*alloc.Cost{
		{Site: "own", AllocsPerOp: 2, BytesPerOp: 96, Share: 0.5, Caller: "own"},
		{Site: "far", AllocsPerOp: 1, BytesPerOp: 200, Share: 0.25, Caller: "x", Via: via},
		{Site: "odd", AllocsPerOp: 1, BytesPerOp: 4, Share: 0.25, Caller: "x", Via: via},
	} {
		c.Source = b.Name
		r.Costs = append(r.Costs, c)
	}
	return r
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		command string
		width   int
		want    string
	}{
		{"cost", 0, `
          2    96  50.0%   50.0%  codec/json/json.go:24:9: composite of json.configurationOfTheWholeProgram: returned
          1   200  25.0%   75.0%  codec/json/json.go:30: map-growth of map[string]interface {}: growth, in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1     4  25.0%  100.0%  codec/json/json.go:30: new of int: cause not known, in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1        25.0%          unexplained: 1 without a cause
`},
		{"cost", 80, `
          2    96  50.0%   50.0%  codec/json/json.go:24:9:
                                    composite of json.confi…oleProgram: returned
          1   200  25.0%   75.0%  codec/json/json.go:30:
                                    map-growth of map[string…nterface {}: growth
    in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1     4  25.0%  100.0%  codec/json/json.go:30:
                                    new of int: cause not known
    in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1        25.0%          unexplained: 1 without a cause
`},
		{"cost", 100, `
          2    96  50.0%   50.0%  codec/json/json.go:24:9:
                                    composite of json.configurationOfTheWholeProgram: returned
          1   200  25.0%   75.0%  codec/json/json.go:30: map-growth of map[string…terface {}: growth
                        in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1     4  25.0%  100.0%  codec/json/json.go:30: new of int: cause not known
                        in encoding/json.(*decodeState).objectInterface decode.go:700 (2 calls down)
          1        25.0%          unexplained: 1 without a cause
`},
		{"find", 0, `
codec/json/json.go:24:9: composite of json.configurationOfTheWholeProgram (48 B): returned
codec/json/json.go:30:3: map-growth of map[string]interface {}: growth, in encoding/json.(*decodeState).objectInterface (inlined at 2 places) [loop 1]
`},
		{"find", 80, `
codec/json/json.go:24:9: composite of json.configu…WholeProgram (48 B): returned
codec/json/json.go:30:3: map-growth of map[string]interface {}: growth… [loop 1]
`},
		{"find", 56, `
codec/json/json.go:24:9: composite of jso…gram: returned
codec/json/json.go:30:3: map-growth of map[…e {}: growth
`},
	} {
		var b strings.Builder
		if err := Write(&b, narrow(tt.command), Options{Width: tt.width}); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if tt.command == "cost" {
			_, got, _ = strings.Cut(got, "sum\n")
			got, _, _ = strings.Cut(got, "recorder:")
		} else {
			got, _, _ = strings.Cut(got, "/go/decode.go:9: ")
		}
		if d := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), got); d != "" {
			t.Errorf("%s at %d (-want +got):\n%s", tt.command, tt.width, d)
		}
		if tt.width > 0 {
			inWidth(t, got, tt.width)
		}
	}
}

// golden holds a text to a file of testdata, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got; go test ./internal/text -update writes it):\n%s", name, diff)
	}
}

// inWidth holds that no line is longer than a terminal of so many columns.
func inWidth(t *testing.T, text string, width int) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > width {
			t.Errorf("%d of %d columns: %s", n, width, line)
		}
	}
}

// TestNotes checks that figures and places that look odd are told of, and no
// others are.
func TestNotes(t *testing.T) {
	t.Parallel()
	const tiny, harness = "share blocks", "what go test writes"
	for _, tt := range []struct {
		name          string
		bytes         float64
		file          string
		tiny, harness bool
	}{
		{"plain", 16, "m_test.go", false, false},
		{"of the smallest size", 8, "m_test.go", false, false},
		{"within another's block", 0, "m_test.go", true, false},
		{"of package testing", 16, "_testmain.go", false, true},
	} {
		r := narrow("cost")
		r.Costs = r.Costs[1:2]
		r.Costs[0].AllocsPerOp, r.Costs[0].BytesPerOp, r.Costs[0].Via[0].File = 1, tt.bytes, tt.file
		var b strings.Builder
		if err := Write(&b, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), tiny) != tt.tiny || strings.Contains(b.String(), harness) != tt.harness {
			t.Errorf("%s:\n%s", tt.name, b.String())
		}
	}
}

// TestGC checks that operations are counted of benchmarks only.
func TestGC(t *testing.T) {
	t.Parallel()
	for ns, want := range map[float64]string{0: "3.0% of CPU\n", 12: "3.0% of CPU in 1 ops\n"} {
		r := narrow("cost")
		b := r.Benchmarks[0]
		b.N, b.NsPerOp, b.GC = 1, ns, &alloc.GC{Cycles: 2, Pauses: 4, CPUShare: 0.03}
		var out strings.Builder
		if err := Write(&out, r, Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(out.String(), want) {
			t.Errorf("%v ns/op: %q at the end, want %q", ns, out.String(), want)
		}
	}
}

// TestHeapSites holds that the place of a site is never cut.
func TestHeapSites(t *testing.T) {
	t.Parallel()
	r := &alloc.Report{
		Header: alloc.Header{Command: "heap"}, Heap: &alloc.Heap{File: "run.heap"},
		HeapSites: []*alloc.HeapSite{{
			Pos: alloc.Pos{File: "codec/json/json.go", Line: 24}, Func: "m.F", Callee: "encoding/json.(*decodeState).objectInterface",
			Type: "json.configurationOfTheWholeProgram", HeapLives: alloc.HeapLives{Objects: 60_000, Bytes: 1 << 20},
		}},
	}
	for width, want := range map[int]string{
		80: `codec/json/json.go:24
    json.configurationOfTheWholeProgram, …g/json.(*decodeState).objectInterface
`,
		200: "codec/json/json.go:24: json.configurationOfTheWholeProgram, in encoding/json.(*decodeState).objectInterface\n",
	} {
		var b strings.Builder
		if err := Write(&b, r, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "  "+want) {
			t.Errorf("at %d columns %q is not in\n%s", width, want, b.String())
		}
		inWidth(t, b.String(), width)
	}
}
