package heapsim

import (
	"encoding/binary"
	"encoding/json"
	"go/version"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/internal/sizeclass"
)

// The steps of testdata/replay.
const (
	stepAlloc = iota
	stepFree
	stepCollect
	stepSnapshot
	stepDrain
	stepSetGOGC
	stepFillPages
	stepScavenge
	stepFreeOSMemory
	stepBegin
)

type step struct{ do, place, size, pointers uint32 }

// A snapshot is what testdata/replay prints.
type snapshot struct {
	HeapAlloc, HeapInuse, HeapIdle, HeapReleased, Sys, TotalAlloc, Mallocs, Frees uint64
	NumGC                                                                         uint32
	ClassMallocs, ClassFrees                                                      [68]uint64
	Tiny, Live, Goal, Stacks, Globals, Limited                                    uint64
}

// A toolchain is one that the simulation is confirmed with.
type toolchain struct {
	env    []string
	layout *Layout
	replay string // the program, built with it
}

// installed builds testdata/replay with the toolchain that the test runs with,
// or another one, and makes its layout.
func installed(t *testing.T, env ...string) *toolchain {
	t.Helper()
	// This module asks for a newer Go than some of them.
	tc := &toolchain{env: append(os.Environ(), append([]string{"GOFLAGS=", "GO111MODULE=off"}, env...)...)}
	run := func(args ...string) string {
		cmd := exec.Command("go", args...)
		cmd.Env = tc.env
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
		}
		return strings.TrimSpace(string(out))
	}
	goroot := run("env", "GOROOT")
	sizes, err := sizeclass.Load(goroot)
	if err != nil {
		t.Fatal(err)
	}
	tags := strings.Fields(run("list", "-f", `{{join context.ToolTags " "}}`, "unsafe"))
	tc.layout, err = NewLayout(sizes, slices.Contains(tags, "goexperiment.greenteagc"))
	if err != nil {
		t.Fatal(err)
	}
	// The test itself opens what the go command reads, or its result would be
	// kept where only that changes.
	if _, err := os.ReadFile("testdata/replay/main.go"); err != nil {
		t.Fatal(err)
	}
	tc.replay = filepath.Join(t.TempDir(), "replay")
	run("build", "-ldflags=-checklinkname=0", "-o", tc.replay, "testdata/replay/main.go")
	return tc
}

// real runs the steps, and returns what the runtime says at each snapshot and
// what it prints.
func (tc *toolchain) real(t *testing.T, steps []step, procs, rounds int, env ...string) ([]snapshot, string) {
	t.Helper()
	var data []byte
	for _, s := range steps {
		for _, n := range []uint32{s.do, s.place, s.size, s.pointers} {
			data = binary.LittleEndian.AppendUint32(data, n)
		}
	}
	file := filepath.Join(t.TempDir(), "steps")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tc.replay, file, strconv.Itoa(procs), strconv.Itoa(rounds))
	cmd.Env = append(os.Environ(), append([]string{"GODEBUG=", "GOMEMLIMIT=", "GOMAXPROCS=" + strconv.Itoa(procs)}, env...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	var shots []snapshot
	if err := json.Unmarshal(out, &shots); err != nil {
		t.Fatal(err)
	}
	return shots, stderr.String()
}

// drains are the steps that leave no free slot in the spans of any class.
func (l *Layout) drains() []step {
	var steps []step
	for class := 2; class < numClasses; class++ {
		size := l.slot[class]
		if class>>1 == 1 && class&1 == 1 {
			continue // what has 8 bytes and no pointers is tiny
		}
		s := step{do: stepDrain, size: size, place: uint32(l.slots[class])}
		if class&1 == 0 {
			s.pointers = 1
			if size > heapBitsMax {
				s.size -= headerAndLarge
			}
		} else if size > uint32(l.maxSmall) {
			s.size = uint32(l.maxSmall)
		}
		steps = append(steps, s)
	}
	return steps
}

// simulated runs the steps in a model, and returns its state at each snapshot.
func simulated(h *Heap, steps []step) []Stats {
	keep := make(map[uint32]Ref)
	var shots []Stats
	for _, s := range steps {
		switch s.do {
		case stepAlloc:
			if old := keep[s.place]; old != 0 {
				h.Free(old)
			}
			keep[s.place] = h.Alloc(0, int64(s.size), s.pointers == 0)
		case stepFree:
			h.Free(keep[s.place])
			delete(keep, s.place)
		case stepCollect:
			h.GC()
		case stepScavenge:
			h.Scavenge(math.MaxInt64)
		case stepFreeOSMemory:
			h.FreeOSMemory()
		case stepSnapshot:
			h.Flush()
			shots = append(shots, h.Stats())
		}
	}
	return shots
}

// random makes requests of all sizes, small ones more often, of which about so
// many are alive at once.
func random(rnd *rand.Rand, n, live, most int, every func(i int) []step) []step {
	steps := make([]step, 0, n)
	taken := make([]bool, live)
	for i := range n {
		place := uint32(rnd.IntN(live))
		if taken[place] && rnd.IntN(2) == 0 {
			steps = append(steps, step{do: stepFree, place: place})
			taken[place] = false
		} else {
			s := step{do: stepAlloc, place: place, pointers: rnd.Uint32N(2)}
			switch rnd.IntN(8) {
			case 0, 1:
				s.size = 1 + rnd.Uint32N(24)
			case 2, 3, 4:
				s.size = 1 + rnd.Uint32N(256)
			case 5, 6:
				s.size = 1 + rnd.Uint32N(2048)
			default:
				s.size = 1 + rnd.Uint32N(uint32(most))
			}
			if s.pointers != 0 {
				s.size = (s.size + 7) / 8 * 8
			}
			steps = append(steps, s)
			taken[place] = true
		}
		steps = append(steps, every(i)...)
	}
	return steps
}

// compare holds the difference between two snapshots of the runtime against
// the simulated one, exactly.
func compare(t *testing.T, at int, base, real snapshot, sim Stats) {
	t.Helper()
	for _, row := range []struct {
		name      string
		got, want int64
	}{
		{"HeapAlloc", sim.HeapAlloc, int64(real.HeapAlloc - base.HeapAlloc)},
		{"HeapInuse", sim.HeapInuse, int64(real.HeapInuse - base.HeapInuse)},
		{"TotalAlloc", int64(sim.TotalAlloc), int64(real.TotalAlloc - base.TotalAlloc)},
		{"Mallocs", int64(sim.Mallocs + sim.TinyAllocs), int64(real.Mallocs - base.Mallocs)},
		{"Frees", int64(sim.Frees + sim.TinyAllocs), int64(real.Frees - base.Frees)},
		{"tiny allocs", int64(sim.TinyAllocs), int64(real.Tiny - base.Tiny)},
	} {
		if row.got != row.want {
			t.Errorf("snapshot %d: %s is %d, in the runtime %d (%+d)", at, row.name, row.got, row.want, row.got-row.want)
		}
	}
	var objects [68]uint64
	for _, s := range sim.Spans {
		objects[s.Class] += uint64(s.Objects)
	}
	for class := 1; class < 61; class++ { // MemStats.BySize has no more
		want := real.ClassMallocs[class] - base.ClassMallocs[class] - (real.ClassFrees[class] - base.ClassFrees[class])
		if objects[class] != want {
			t.Errorf("snapshot %d: class %d has %d objects, in the runtime %d", at, class, objects[class], want)
		}
	}
}

// TestConfirm holds the simulation against the runtimes of the toolchain that
// the test runs with, and of those that the go command has fetched into the
// module cache.
func TestConfirm(t *testing.T) {
	t.Run("installed", func(t *testing.T) { confirm(t, installed(t)) })
	if testing.Short() {
		return
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(strings.TrimSpace(string(cache)), "golang.org", "toolchain@v0.0.1-*."+runtime.GOOS+"-"+runtime.GOARCH))
	for _, dir := range found {
		name, _ := strings.CutPrefix(filepath.Base(dir), "toolchain@v0.0.1-")
		name, _ = strings.CutSuffix(name, "."+runtime.GOOS+"-"+runtime.GOARCH)
		if sizeclass.ForGo(name) == nil {
			continue
		}
		experiments := []string{""}
		if version.Lang(name) == "go1.25" {
			experiments = append(experiments, "greenteagc") // the default of later ones
		}
		for _, experiment := range experiments {
			t.Run(strings.TrimSuffix(name+"-"+experiment, "-"), func(t *testing.T) {
				confirm(t, installed(t, "GOTOOLCHAIN="+name, "GOEXPERIMENT="+experiment))
			})
		}
	}
}

// confirm makes the comparisons that are exact: a single goroutine, so that
// nothing but the stream allocates.
func confirm(t *testing.T, tc *toolchain) {
	t.Run("allocation", func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(1, 2))
		stream := random(rnd, 60_000, 20_000, 100_000, func(i int) []step {
			if i%10_000 == 9_999 {
				return []step{{do: stepSnapshot}}
			}
			return nil
		})
		tc.exact(t, []step{{do: stepSnapshot}}, stream)
	})
	t.Run("collections", func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(3, 4))
		stream := random(rnd, 60_000, 6_000, 100_000, func(i int) []step {
			switch {
			case i%3_000 == 2_999:
				return []step{{do: stepCollect}, {do: stepSnapshot}}
			case i%3_000 == 1_500:
				return []step{{do: stepSnapshot}}
			}
			return nil
		})
		tc.exact(t, []step{{do: stepCollect}, {do: stepSnapshot}}, stream)
	})
	t.Run("scavenger", func(t *testing.T) { tc.scavenging(t, -1) })
	t.Run("scavenger with a goal", func(t *testing.T) { tc.scavenging(t, 800) })
}

// exact holds the simulation of a stream against the runtime.
func (tc *toolchain) exact(t *testing.T, before, stream []step) {
	real, _ := tc.real(t, slices.Concat(tc.layout.drains(), before, []step{{do: stepBegin}}, stream), 1, 1, "GOGC=off")
	sim := simulated(New(Config{Layout: tc.layout, GOGC: -1}), stream)
	if len(real) != len(sim)+1 {
		t.Fatalf("%d snapshots, want %d", len(real), len(sim)+1)
	}
	for i, s := range sim {
		compare(t, i, real[0], real[i+1], s)
	}
}
