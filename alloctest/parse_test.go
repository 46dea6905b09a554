package alloctest

import (
	"maps"
	"slices"
	"testing"
	"time"
)

func TestParseProfile(t *testing.T) {
	const text = `heap profile: 3: 96 [7: 400] @ heap/2
1: 48 [3: 144] @ 0x10 0x20
#	0x10	p.F+0x1	/p.go:1

2: 32 [2: 32] @ 0x10 0x30
0: 0 [1: 48] @ 0x40
0: 0 [0: 0] @ 0x50
x: 0 [y: z] @ 0x60

# runtime.MemStats
# Alloc = 1
`
	got := parseProfile([]byte(text))
	want := profile{"48 0x10 0x20": 3, "16 0x10 0x30": 2, "48 0x40": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	diff := got.since(profile{"48 0x10 0x20": 1, "48 0x40": 1})
	if want := (profile{"48 0x10 0x20": 2, "16 0x10 0x30": 2}); !maps.Equal(diff, want) {
		t.Errorf("got %v, want %v", diff, want)
	}
}

func TestParseReasons(t *testing.T) {
	const text = `# example.com/p
./p.go:9:2: u escapes to heap in NewUser:
./p.go:9:2:   flow: ~r0 ← &u:
./p.go:9:2:     from &u (address-of) at ./p.go:10:9
./p.go:9:2:     from return &u (return) at ./p.go:10:2
./p.go:9:2: moved to heap: u
./p.go:12:7: x does not escape
C:\d\p.go:14:3: n escapes to heap
# example.com/p [example.com/p.test]
./p.go:9:2: moved to heap: u
not a position
p.go:x
`
	got := parseReasons([]byte(text))
	want := map[string][]string{
		"p.go:9":  {"moved to heap: u, from return &u (return) at p.go:10:2"},
		"p.go:14": {"n escapes to heap"},
	}
	// A path of another system keeps its folders, and is found by none.
	delete(got, `C:\d\p.go:14`)
	delete(want, "p.go:14")
	if !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSplitName(t *testing.T) {
	tests := []struct{ full, pkg, name string }{
		{"runtime.newobject", "runtime", "newobject"},
		{"example.com/m/p.(*T).M.func1", "example.com/m/p", "(*T).M.func1"},
		{"gopkg.in/yaml%2ev3.F", "gopkg.in/yaml.v3", "F"},
		{"example.com/p.Map[example.com/q.T]", "example.com/p", "Map[example.com/q.T]"},
		{"example.com/p.Map[...].func1", "example.com/p", "Map[...].func1"},
		{"main.main", "main", "main"},
		{"", "", ""},
	}
	for _, test := range tests {
		if pkg, name := splitName(test.full); pkg != test.pkg || name != test.name {
			t.Errorf("splitName(%q) = %q, %q, want %q, %q", test.full, pkg, name, test.pkg, test.name)
		}
	}
}

func TestRunsOf(t *testing.T) {
	tests := []struct {
		took  time.Duration
		limit float64
		want  int
	}{
		{0, 0, 100},
		{time.Microsecond, 0, 100},
		{20 * time.Millisecond, 0, 50},
		{time.Hour, 0, 3},
		{time.Microsecond, 2, 100},
		{time.Microsecond, 0.001, 1000},
		{time.Microsecond, 1e-9, 10000},
		{10 * time.Millisecond, 0.001, 100},
	}
	for _, test := range tests {
		if got := runsOf(test.took, test.limit); got != test.want {
			t.Errorf("runsOf(%v, %v) = %d, want %d", test.took, test.limit, got, test.want)
		}
	}
}

// TestShare gives objects without a record to the sites that made them.
func TestShare(t *testing.T) {
	small := func(n uint64, phases ...uint64) site {
		s := site{size: tiny, allocs: n}
		copy(s.phases[:], phases)
		return s
	}
	large := site{size: 48, allocs: 32}
	tests := []struct {
		name    string
		sites   []site
		all     uint64
		want    []uint64
		atLeast bool
	}{
		{"all have records", []site{large}, 32, []uint64{32}, false},
		{"one small site", []site{small(2, 2), large}, 132, []uint64{100, 32}, false},
		{"two, each seen in a phase", []site{small(2, 2), small(2, 0, 2)}, 64, []uint64{32, 32}, false},
		{"two, not all seen", []site{small(2, 2), small(2, 0, 2)}, 96, []uint64{2, 2}, true},
	}
	for _, test := range tests {
		share(test.sites, test.all, 32)
		for i, s := range test.sites {
			if s.allocs != test.want[i] || s.atLeast != (test.atLeast && s.size == tiny) {
				t.Errorf("%s: site %d has %d, at least %v; want %d, %v", test.name, i, s.allocs, s.atLeast, test.want[i], test.atLeast)
			}
		}
	}
}

// FuzzParse feeds arbitrary text of the runtime and of the compiler.
func FuzzParse(f *testing.F) {
	f.Add("1: 48 [3: 144] @ 0x10 0x20\n")
	f.Add("./p.go:9:2:     from &u (address-of) at ./p.go:10:9\n./p.go:9:2: moved to heap: u\n")
	f.Fuzz(func(t *testing.T, text string) {
		for key := range parseProfile([]byte(text)) {
			decode(key)
		}
		parseReasons([]byte(text))
		splitName(text)
	})
}
