package engine

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// A truth is how often a function of the corpus allocates.
type truth string

const (
	never truth = "never"
	first truth = "at first" // not when it is called again with the same inputs and memory
	again truth = "again"    // for some input in each call
)

// A measured line is what the corpus's own program tells of a function.
type measured struct {
	Name         string
	First, Again []int
}

func (m *measured) truth() truth {
	some := func(n int) bool { return n > 0 }
	switch {
	case slices.ContainsFunc(m.Again, some):
		return again
	case slices.ContainsFunc(m.First, some):
		return first
	}
	return never
}

// A judged function is one of the corpus with its verdict, and what running it
// showed.
type judged struct {
	*alloc.Contract
	name  string
	truth truth
	calls []string // assumptions about calls through a pointer
}

// known is a file that names the functions that are judged otherwise than they
// behave, each with the reason.
const (
	corpusDir   = "testdata/corpus"
	corpusKnown = "testdata/corpus/known.txt"
)

// TestCorpus holds the verdicts on the corpus to what running it shows. No
// function may be passed that allocates. Those that are said to allocate and do
// not, and those that allocate behind a pointer that the verdict says it does not
// know, are those of known.txt.
func TestCorpus(t *testing.T) {
	t.Parallel()
	dir, err := filepath.Abs(corpusDir)
	if err != nil {
		t.Fatal(err)
	}
	runs := make(map[string]*measured)
	for _, m := range measureCorpus(t, dir) {
		if runs[m.Name] != nil {
			t.Errorf("%s has two drivers", m.Name)
		}
		runs[m.Name] = m
	}
	res := contractsOf(t, dir)
	kinds := make(map[alloc.Kind]bool)
	for _, f := range res.Findings {
		kinds[f.Kind] = true
		if f.Rule != alloc.RuleNoalloc {
			t.Errorf("%s:%d: %s", f.File, f.Line, f.Message)
		}
	}
	var list []*judged
	for _, c := range res.Contracts {
		name := strings.TrimPrefix(c.Func, "example.com/corpus.")
		m := runs[name]
		if m == nil {
			t.Errorf("%s has no driver", name)
			continue
		}
		delete(runs, name)
		j := &judged{Contract: c, name: name, truth: m.truth()}
		for _, a := range c.Assumptions {
			if strings.HasPrefix(a.Text, "calls ") && !strings.Contains(a.Text, "sync.Once") || strings.HasSuffix(a.Text, " gives back") || strings.HasSuffix(a.Text, " under a condition") {
				j.calls = append(j.calls, a.Text)
			}
		}
		list = append(list, j)
	}
	for name := range runs {
		t.Errorf("the driver of %s is of no function under contract", name)
	}

	got := make(map[string]string)
	allocates := 0
	for _, j := range list {
		if j.truth == again {
			allocates++
		}
		switch {
		case j.Verdict == alloc.Kept && j.truth != never,
			j.Verdict == alloc.Assumed && j.truth == again && len(j.calls) == 0:
			t.Errorf("false pass: %s is %s, and allocates %s", j.name, j.Verdict, j.truth)
			for _, a := range j.Assumptions {
				t.Logf("\t%d: %s", a.Line, a.Text)
			}
		case j.Verdict == alloc.Assumed && j.truth == again:
			got[j.name] = strings.Join(j.calls, "; ")
		case j.Verdict == alloc.Broken && j.truth == never:
			for _, f := range res.Findings {
				if f.Func == j.Func {
					got[j.name] = "said to allocate: " + f.Message
					break
				}
			}
		}
	}
	t.Logf("\n%s", corpusTable(list))
	if n := len(list); n < 220 || allocates*10 < n*4 || allocates*10 > n*6 {
		t.Errorf("%d functions, of which %d allocate again: want at least 220, and of them 40 to 60 %%", n, allocates)
	}
	for _, k := range alloc.Kinds {
		if !kinds[k] {
			t.Errorf("no finding is of kind %s", k)
		}
	}
	compareKnown(t, got)
}

// compareKnown holds what is judged otherwise than it behaves to known.txt.
func compareKnown(t *testing.T, got map[string]string) {
	t.Helper()
	text, err := os.ReadFile(corpusKnown)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	known := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), ": ")
		known[name] = reason
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if known[name] == "" && !*update {
			t.Errorf("%s is not in known.txt: %s", name, got[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if got[name] == "" && !*update {
			t.Errorf("%s is in known.txt, and is judged as it behaves", name)
		}
	}
	if *update {
		var b bytes.Buffer
		for _, name := range slices.Sorted(maps.Keys(got)) {
			fmt.Fprintf(&b, "%s: %s\n", name, cmp.Or(known[name], got[name]))
		}
		if err := os.WriteFile(corpusKnown, b.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// corpusTable is the table of docs/accuracy.md.
func corpusTable(list []*judged) string {
	verdicts := []alloc.ContractVerdict{alloc.Kept, alloc.Assumed, alloc.Broken}
	var b strings.Builder
	b.WriteString("| allocates | functions | kept | assumed | broken |\n| --- | --- | --- | --- | --- |\n")
	row := func(title string, in func(j *judged) bool) {
		n := make(map[alloc.ContractVerdict]int)
		for _, j := range list {
			if in(j) {
				n[j.Verdict]++
				n[""]++
			}
		}
		fmt.Fprintf(&b, "| %s | %d", title, n[""])
		for _, v := range verdicts {
			fmt.Fprintf(&b, " | %d", n[v])
		}
		b.WriteString(" |\n")
	}
	for _, tr := range []truth{never, first, again} {
		row(string(tr), func(j *judged) bool { return j.truth == tr })
	}
	row("all", func(*judged) bool { return true })
	return b.String()
}

// measureCorpus runs the corpus's own program twice, and takes the fewest
// allocations of each call: what the runtime makes beside it comes at no
// particular call.
func measureCorpus(t *testing.T, dir string) []*measured {
	t.Helper()
	program := filepath.Join(t.TempDir(), "measure.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./measure")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var list []*measured
	for run := range 2 {
		out, err := exec.CommandContext(t.Context(), program).Output()
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(bytes.NewReader(out))
		for i := 0; ; i++ {
			m := new(measured)
			if err := dec.Decode(m); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if run == 0 {
				list = append(list, m)
				continue
			}
			least(list[i].First, m.First)
			least(list[i].Again, m.Again)
		}
	}
	return list
}

func least(a, b []int) {
	for i := range a {
		a[i] = min(a[i], b[i])
	}
}
