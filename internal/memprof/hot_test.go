package memprof

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
)

// cpuProfile is one of three stacks, innermost first, each with its weight. A
// "+" joins a function to the one that it was inlined into.
func cpuProfile(t testing.TB, stacks map[string]int64) []byte {
	t.Helper()
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"}, Period: 10000000,
	}
	functions := make(map[string]*profile.Function)
	for stack, weight := range stacks {
		s := &profile.Sample{Value: []int64{weight, weight * 10000000}}
		for physical := range strings.FieldsSeq(stack) {
			loc := &profile.Location{ID: uint64(len(p.Location) + 1)}
			for name := range strings.SplitSeq(physical, "+") {
				f := functions[name]
				if f == nil {
					f = &profile.Function{ID: uint64(len(p.Function) + 1), Name: name, StartLine: 1}
					functions[name] = f
					p.Function = append(p.Function, f)
				}
				loc.Line = append(loc.Line, profile.Line{Function: f, Line: 1})
			}
			p.Location = append(p.Location, loc)
			s.Location = append(s.Location, loc)
		}
		p.Sample = append(p.Sample, s)
	}
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "default.pgo")
	data := cpuProfile(t, map[string]int64{
		"runtime.nextFreeFast+runtime.mallocgc runtime.newobject main.(*T).grow+main.fill[go.shape.int] main.main runtime.main": 6,
		"main.main runtime.main":        1,
		"runtime.gcDrain runtime.mcall": 2,
		"main.f main.f main.main":       1,
	})
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Hot(file, "example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Heat{
		"runtime.nextFreeFast": {0, 0.6}, "runtime.mallocgc": {0, 0.6}, "runtime.newobject": {0, 0.6},
		"runtime.main": {0, 0.7}, "runtime.gcDrain": {0, 0.2}, "runtime.mcall": {0, 0.2},
		"example.com/m.(*T).grow": {0.6, 0.6}, "example.com/m.fill[...]": {0, 0.6},
		"example.com/m.main": {0.1, 0.8}, "example.com/m.f": {0.1, 0.1},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("heat (-want +got):\n%s", d)
	}
}

func TestHotErrors(t *testing.T) {
	if hot, err := parseHot(nil, "empty", ""); err != nil || len(hot) != 0 {
		t.Errorf("an empty profile has %v, %v; want nothing", hot, err)
	}
	if hot, err := parseHot(cpuProfile(t, nil), "no samples", ""); err != nil || len(hot) != 0 {
		t.Errorf("a profile without samples has %v, %v; want nothing", hot, err)
	}
	whole := cpuProfile(t, map[string]int64{"main.main": 1})
	for _, test := range []struct {
		name, want string
		data       []byte
	}{
		{"text", "reading CPU profile text: ", []byte("GO PREPROFILE V2\n")},
		{"cut", "reading CPU profile cut: ", whole[:len(whole)/2]},
		{"heap", "reading CPU profile heap: it counts alloc_objects, alloc_space, inuse_objects, inuse_space, not CPU time", heapProfile(t)},
	} {
		if _, err := parseHot(test.data, test.name, ""); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
	if _, err := Hot(filepath.Join(t.TempDir(), "none"), ""); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one of a file that does not exist", err)
	}
}

func FuzzHot(f *testing.F) {
	f.Add(cpuProfile(f, map[string]int64{"main.f+main.g main.main": 3, "main.main": 1}))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		hot, err := parseHot(data, "fuzz", "example.com/m")
		if err != nil {
			return
		}
		for fn, h := range hot {
			if !(0 <= h.Self && h.Self <= h.Total && h.Total <= 1.0001) {
				t.Errorf("%s has heat %v", fn, h)
			}
		}
	})
}
