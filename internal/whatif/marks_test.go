package whatif

import (
	"math"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/internal/heapsim"
)

func TestReadLog(t *testing.T) {
	got := ReadLog([]string{
		"gc 1 @0.012s 3%: 0.013+0.53+0.004 ms clock, 0.026+0.1/0.4/0.3+0.008 ms cpu, 4->5->2 MB, 4 MB goal, 0 MB stacks, 1 MB globals, 2 P",
		"gc 2 @0.1s 1%: 0.1+1+0.2 ms clock, 0.2+0/0.5/1.5+0.4 ms cpu, 20->21->9 MB, 22 MB goal, 0 MB stacks, 0 MB globals, 4 P (forced)",
		"no line of it: 7%: at all",
	})
	want := []LogLine{
		{N: 1, Start: 4, End: 5, Marked: 2, Clock: 0.53, SweepTerm: 0.026, Assist: 0.1, Workers: 0.4, Idle: 0.3, MarkTerm: 0.008, Procs: 2},
		{N: 2, Start: 20, End: 21, Marked: 9, Clock: 1, SweepTerm: 0.2, Workers: 0.5, Idle: 1.5, MarkTerm: 0.4, Procs: 4},
	}
	if len(got) != len(want) {
		t.Fatalf("%d lines, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	// A quarter of four processors is the collector's; 1.5 of them were idle for it.
}

func TestMarks(t *testing.T) {
	const mb = 1 << 20
	h := &History{Cycles: []Cycle{
		{Start: 4 * mb, Goal: 5 * mb, End: 5*mb + 300, Marked: 3 * mb, Scan: mb - 100, Done: true},
		{Start: 4 * mb, Goal: 5 * mb, End: 4*mb + 500, Marked: 2 * mb, Scan: 900, Done: true},
		{Start: 6 * mb, Goal: 5 * mb, End: 6*mb + 70, Marked: 3 * mb, Scan: 900, Done: true, Forced: true, At: 17},
		{Start: 6 * mb, Goal: 8 * mb, End: 6 * mb, Scan: 900},
	}}
	line := func(start, end, marked, cpu string) string {
		return "gc 1 @0s 0%: 0+1+0 ms clock, 0+0/" + cpu + "/0+0 ms cpu, " + start + "->" + end + "->" + marked + " MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P"
	}
	log := []string{
		line("3", "3", "1", "9"), // before the trace
		line("4", "5", "3", "3"), line("4", "4", "2", "1"), line("6", "6", "3", "1"), line("6", "6", "3", "1"),
		line("6", "6", "3", "9"), // behind it
	}
	marks, cost := h.Marks(100, 100, log, new(Samples))
	// Of 2 ms of two processors a quarter is the collector's, to its limiter; the program had
	// 1 ms in one cycle, none in the other.
	scan, busy := 1e6/(mb+1000.), 1e6/(mb+800.)
	want := []heapsim.Mark{{Rate: 1, Over: 300, Scan: scan, Busy: busy}, {Rate: 0.5, Scan: scan, Busy: busy}}
	if len(marks) != len(want) {
		t.Fatalf("%+v, want %+v", marks, want)
	}
	for i := range want {
		if marks[i] != want[i] {
			t.Errorf("mark %d: %+v, want %+v", i, marks[i], want[i])
		}
	}
	// Of cycles that scan 1000 bytes each took 1 ms, of one that scans a MiB 3 ms.
	if per := 2e6 / (mb - 1000); math.Abs(cost.Byte-per) > 1e-6 || math.Abs(cost.Cycle-(1e6-1000*per)) > 1 {
		t.Errorf("cost %+v", cost)
	}
	// One that has twice as much to scan as the last one may go as much farther.
	h.Cycles = []Cycle{
		{Start: 4 * mb, Goal: 5 * mb, End: 5 * mb, Marked: 4 * mb, Scan: mb, Done: true},
		{Start: 8 * mb, Goal: 9 * mb, End: 10 * mb, Marked: 8 * mb, Scan: 2 * mb, Done: true},
	}
	if marks, _ = h.Marks(0, 100, nil, new(Samples)); marks[1].Over > mb/50 {
		t.Errorf("%+v", marks[1])
	}
	// Stacks are scanned by the cycle that found them.
	h.Cycles[1].Stacks = 2 * mb
	if marks, _ = h.Marks(0, 100, nil, new(Samples)); marks[0].Stacks != 0 || marks[1].Stacks != 2*mb || marks[1].Rate > 0.5 {
		t.Errorf("%+v", marks)
	}
	h.Cycles = []Cycle{{Done: true, Forced: true, At: 17, Scan: 1}, {}, {}, {}}
	if f := h.Forced(); len(f) != 1 || f[0] != 17 {
		t.Errorf("forced at %v", f)
	}
	if _, cost := h.Marks(100, 100, log[:3], new(Samples)); cost != (heapsim.Cost{}) {
		t.Errorf("cost %+v of a log that does not have the cycles", cost)
	}
}

// TestAges has objects of which half die at once, and half live for a thousand more.
func TestAges(t *testing.T) {
	h := &History{kinds: []kind{{bytes: 16}}}
	const cycles, each = 40, 10_000
	for c := range uint32(cycles) {
		for i := range uint32(each) {
			fate := c + 1 + foundBefore // the cycle finds it dead
			if i%2 == 1 && i >= each-1000 {
				fate = c + 2 + foundBefore
			}
			if h.made%partSize == 0 {
				h.list = append(h.list, make([]object, 0, partSize))
			}
			h.list[len(h.list)-1] = append(h.list[len(h.list)-1], object{fate: fate})
			h.made++
		}
		h.marks = append(h.marks, h.made)
	}
	a := h.survival()
	young, old := 0, 0
	for i := range 1000 {
		switch age := a.age(0, each, (float64(i)+0.5)/1000); {
		case age <= 64:
			young++
		case age >= 500 && age <= 2048:
			old++
		}
	}
	if young < 450 || young > 550 || old < 450 || old > 550 {
		t.Errorf("of a thousand objects %d die at once and %d at about a thousand, want half each", young, old)
	}
	if age := a.age(0, 100, 0.999); age > 100 {
		t.Errorf("dead at 100 it was %d old", age)
	}
}

// TestPauses tells apart what of the collector's time processors stood still for: it is no
// marking. What samples tell has what was used of it.
func TestPauses(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	log := []string{"gc 1 @0s 0%: 0+1+0 ms clock, 20+5/100/7+30 ms cpu, 4->4->2 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P"}
	for _, tt := range []struct {
		name        string
		samples     int
		cpu, pauses float64 // ms
	}{{"by the log", 15, 155, 50}, {"by samples", 2, 25, 0}} {
		h := &History{Cycles: []Cycle{{Start: 4 * mb, Goal: 5 * mb, End: 4 * mb, Marked: 2 * mb, Scan: mb, Done: true, Time: 10}}}
		var s Samples
		for range tt.samples {
			s.Add(10, true)
		}
		h.Marks(0, 100, log, &s)
		if cpu, pauses := float64(h.GCCPU)/1e6, float64(h.GCPauses)/1e6; math.Abs(cpu-tt.cpu) > 1e-3 || math.Abs(pauses-tt.pauses) > 1e-3 {
			t.Errorf("%s: %v ms, %v of them pauses, want %v and %v", tt.name, cpu, pauses, tt.cpu, tt.pauses)
		}
	}
}

// TestSampled has three cycles that took 1 s by the log, and samples of what they used.
func TestSampled(t *testing.T) {
	const mb = 1 << 20
	var log []string
	for range 3 {
		log = append(log, "gc 1 @0s 0%: 0+1+0 ms clock, 0+0/1000/0+0 ms cpu, 4->4->2 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P")
	}
	paused := []string{}
	for _, l := range log {
		paused = append(paused, strings.Replace(l, "0+0/1000/0+0 ms cpu", "600+0/0/0+400 ms cpu", 1))
	}
	for _, tt := range []struct {
		name    string
		log     []string
		marking int   // samples
		other   int64 // ns: a sample of something else
		sampled bool
		want    float64 // ms a cycle
	}{
		{"none", log, 0, 0, false, 1000},
		{"pauses, for which processors are held", paused, 0, 100, false, 1000},
		{"as the log has it", log, 300, 100, false, 1000},
		{"fewer by chance", log, 280, 100, false, 1000},
		{"more than the log", log, 400, 100, false, 1000},
		{"a third", log, 100, 100, true, 1005. / 3},
		{"none of marking", log, 0, 100, true, 5. / 3},
		{"they end after two cycles", log, 100, 25, true, 1005. / 2},
		{"they end before the first", log, 0, 5, false, 1000},
		{"no log", nil, 300, 100, true, 3005. / 3},
		{"no log, they end after two cycles", nil, 300, 25, true, 3005. / 2},
		{"no log, none of marking", nil, 0, 100, false, 0},
		{"neither", nil, 0, 0, false, 0},
	} {
		h := &History{}
		for i := range int64(3) {
			h.Cycles = append(h.Cycles, Cycle{Start: 4 * mb, Goal: 5 * mb, End: 4 * mb, Marked: 2 * mb, Scan: mb, Done: true, Time: 10 * (i + 1)})
		}
		var s Samples
		for range tt.marking {
			s.Add(1, true)
		}
		s.Add(tt.other, false)
		_, cost := h.Marks(0, 100, tt.log, &s)
		if got := (cost.Cycle + cost.Byte*mb + cost.Pause) / 1e6; math.Abs(got-tt.want) > 1e-3 || h.Sampled != tt.sampled || math.Abs(float64(h.GCCPU)/1e6-3*tt.want) > 1e-3 {
			t.Errorf("%s: %v ms a cycle, %d in all, sampled %v; want %v ms, sampled %v", tt.name, got, h.GCCPU, h.Sampled, tt.want, tt.sampled)
		}
	}
}

// TestUnhelped has a program allocate a MiB while 2 MiB are scanned, by workers and by
// itself: what it would have allocated if only they had.
func TestUnhelped(t *testing.T) {
	const mb, ms = 1 << 20, 1_000_000
	cycle := Cycle{Start: 4 * mb, Goal: 8 * mb, End: 5 * mb, Marked: 3 * mb, Scan: 2 * mb, Done: true, Clock: 10 * ms}
	for _, tt := range []struct {
		name                  string
		workers, idle, assist int64
		want                  heapsim.Mark
	}{
		{"nothing known", 0, 0, 0, heapsim.Mark{Rate: 0.5}},
		{"workers only", 5 * ms, 0, 0, heapsim.Mark{Rate: 0.5, Workers: 0.25, Doubt: 1}},
		{"some on idle processors", 10 * ms, 5 * ms, 0, heapsim.Mark{Rate: 0.5, Workers: 0.5, Idle: 0.25, Doubt: 1}},
		// It has a half of the time instead of three quarters, and they scan a half of it.
		{"helping as much", 5 * ms, 0, 5 * ms, heapsim.Mark{Rate: 0.5 * 1.5 * 2, Workers: 0.25, Doubt: math.Sqrt(3)}},
		// No more than 0.95 of the time is believed.
		{"helping nearly always", 1 * ms, 0, 19 * ms, heapsim.Mark{Rate: 0.5 * 19 * 19, Workers: 0.05, Doubt: 19}},
	} {
		c := cycle
		c.Workers, c.Idle, c.Assist = tt.workers, tt.idle, tt.assist
		h := &History{Cycles: []Cycle{c, c}, Procs: 2}
		marks, _ := h.Marks(0, 100, nil, new(Samples))
		for _, m := range marks {
			if math.Abs(m.Rate-tt.want.Rate) > 1e-9 || math.Abs(m.Doubt-tt.want.Doubt) > 1e-9 || m.Workers != tt.want.Workers || m.Idle != tt.want.Idle {
				t.Errorf("%s: %+v, want %+v", tt.name, m, tt.want)
			}
		}
	}
}
