package report

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func readSmall(t *testing.T) *Set {
	t.Helper()
	s, err := Read("testdata/small.txt")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRead(t *testing.T) {
	s := readSmall(t)
	if got := s.Config["date"]; got != "2026-11-23" {
		t.Errorf("date = %q", got)
	}
	for _, test := range []struct {
		key  Key
		want float64
	}{
		{Sized("Pair", "offheap", 8, 1), 8}, // of 8, 4 and 16
		{Port("Larson", "offheap", 2), 30},
		{Key{"Table", "make", "", "cpu-ns/op"}, 6000},
		{Key{"Frag", "null", "/pattern=larson", "rss-bytes"}, 100},
	} {
		if got, ok := s.Median(test.key); !ok || got != test.want {
			t.Errorf("Median(%v) = %v, %v, want %v", test.key, got, ok, test.want)
		}
	}
	if _, ok := s.Median(Port("Larson", "make", 2)); ok {
		t.Error("there is a figure that the file does not have")
	}
	// The order of the rounds is that of the file, also after Median.
	if got := s.Rounds(Sized("Pair", "offheap", 8, 1)); got[0] != 8 || got[1] != 4 || got[2] != 16 {
		t.Errorf("rounds = %v", got)
	}
}

// TestParts has a file of two parts that were measured apart.
func TestParts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results.txt")
	text := "cpu: one, fast\ncommand: a\nBenchmarkPair/by=null 1 2 ns/op\ncpu: one, fast\ncommand: b\nBenchmarkPair/by=null 1 2 ns/op\n"
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	if s.Config["cpu"] != "one, fast" || s.Config["command"] != "a; b" {
		t.Errorf("config = %q", s.Config)
	}
}

func TestReadErrors(t *testing.T) {
	for _, text := range []string{
		"BenchmarkPair/size=8 100 2 ns/op\n",
		"BenchmarkPair/by=null 100 two ns/op\n",
	} {
		file := filepath.Join(t.TempDir(), "results.txt")
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(file); err == nil {
			t.Errorf("no error for %q", text)
		}
	}
}

// TestCompare compares within each round: the ratios are 5, 6 and 4, whose
// median is not the ratio of the medians.
func TestCompare(t *testing.T) {
	s := readSmall(t)
	a, b := Sized("Pair", "cgo-mimalloc", 8, 1), Sized("Pair", "offheap", 8, 1)
	got, ok := s.compare([]pairOf{{a: a, b: b}})
	if want := (Ratio{5, 4, 6}); !ok || !near(got, want) {
		t.Errorf("compare = %v, %v, want %v", got, ok, want)
	}
	// Less the nulls: 3/6, 3/2 and 3/14.
	got, ok = s.compare([]pairOf{{
		a: Sized("Pair", "raw-mimalloc", 8, 1), nullA: Sized("Pair", "raw-null", 8, 1),
		b: b, nullB: Sized("Pair", "null", 8, 1),
	}})
	if want := (Ratio{3. / 6, 3. / 14, 3. / 2}); !ok || !near(got, want) {
		t.Errorf("compare less null = %v, %v, want %v", got, ok, want)
	}
	if _, ok := s.compare([]pairOf{{a: a, b: b}, {a: a, b: Sized("Pair", "offheap", 16, 1)}}); ok {
		t.Error("a comparison with a figure missing")
	}
}

func near(a, b Ratio) bool {
	const e = 1e-9
	return math.Abs(a.Median-b.Median) < e && math.Abs(a.Low-b.Low) < e && math.Abs(a.High-b.High) < e
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct {
		bar  Bar
		want string
	}{
		{Bar{Want: 5, Got: Ratio{Median: 5}}, "met"},
		{Bar{Want: 5, Got: Ratio{Median: 4}}, "missed by 20%"},
		{Bar{Want: 1, Over: true, Got: Ratio{Median: 1}}, "missed by 0%"},
		{Bar{Want: 0.6, Below: true, Got: Ratio{Median: 0.5}}, "met"},
		{Bar{Want: 0.6, Below: true, Got: Ratio{Median: 0.75}}, "missed by 25%"},
		{Bar{Want: 5, Missing: true}, "not measured"},
	} {
		if got := test.bar.Verdict(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.bar, got, test.want)
		}
	}
}

func TestMarkdown(t *testing.T) {
	got := Markdown(readSmall(t))
	for _, want := range []string{
		"| table of 10 M entries: CPU per op | 2x | 1.50x (1.50 to 1.50) | missed by 25% |\n",
		"| table of 10 M entries: RSS | at most 0.6x | 0.50x (0.50 to 0.50) | met |\n",
		"| RSS over live bytes after larson, against cgo mimalloc | at most 1x | 0.50x (0.50 to 0.50) | met |\n",
		"| sync.Pool, batch, 2 threads | over 1x | - | not measured |\n",
		"| larson | 1.20, 1.20 |",
		"Measured on 2026-11-23 with `go run .`",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
}

func TestInsert(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(file, []byte("a\n"+begin+"\nold\n"+end+"\nz\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is a table
		if err := Insert(file, "new\n"); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if want := "a\n" + begin + "\nnew\n" + end + "\nz\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	if err := os.WriteFile(file, []byte("no markers"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Insert(file, "new\n"); err == nil {
		t.Error("no error where there are no markers")
	}
}

// TestResults holds what is committed together: the README's table and the
// plots are those of the results.
func TestResults(t *testing.T) {
	const results = "../../results"
	s, err := Read(results + "/linux-amd64.txt")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readme), begin+"\n"+Markdown(s)+end) {
		t.Error("README.md has another table; go run . -report writes it")
	}
	if runtime.GOARCH != "amd64" {
		t.Skip("the last digits of the plots may differ")
	}
	dir := t.TempDir()
	if err := Plots(s, dir); err != nil {
		t.Fatal(err)
	}
	plots, err := filepath.Glob(dir + "/*.svg")
	if err != nil || len(plots) == 0 {
		t.Fatal(plots, err)
	}
	for _, plot := range plots {
		got, err := os.ReadFile(plot)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(results, filepath.Base(plot)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not that of the results (%v); go run . -report writes it", filepath.Base(plot), err)
		}
	}
}
