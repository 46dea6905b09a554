package alloctrace

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"golang.org/x/exp/trace"
)

// TestSamples compares the samples of a CPU profile with those that
// golang.org/x/exp/trace has: how many there are of each stack.
func TestSamples(t *testing.T) {
	var data []byte
	var want map[string]int
	err := io.ErrUnexpectedEOF
	busy := 1500 * time.Millisecond // of two parts
	for range 5 {
		// The runtime damages a trace now and then (docs/heap.md), and beside other work
		// there are few samples.
		if err == nil {
			if enough(want) {
				break
			}
			busy *= 2
		}
		data = record(t, func() {
			if err := pprof.StartCPUProfile(io.Discard); err != nil {
				t.Skip(err) // the tests themselves are profiled
			}
			defer pprof.StopCPUProfile()
			for begin := time.Now(); time.Since(begin) < busy; {
				churn()
			}
		})
		want, err = stackSamples(data)
	}
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	r, err := Open(bytes.NewReader(data), Options{SlotBytes: slotBytes, Sample: func(s *Sample) {
		var b strings.Builder
		for _, f := range s.Stack {
			fmt.Fprintln(&b, f.Func, f.File, f.Line)
		}
		got[b.String()]++
		if s.Time < 0 || s.Time > int64(time.Minute) {
			t.Errorf("a sample at %d", s.Time)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Events() {
		if err != nil {
			t.Fatal(err)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%d stacks, want %d", len(got), len(want))
	}
	if !enough(got) {
		t.Errorf("few samples, or none of what ran: %v", got)
	}
}

// enough reports whether there are 10 samples of stacks, and one of churn or a goroutine
// of its among them.
func enough(counts map[string]int) bool {
	n, churns := 0, 0
	for stack, c := range counts {
		n += c
		if strings.Contains(stack, "/alloctrace.churn") {
			churns += c
		}
	}
	return n >= 10 && churns > 0
}

// stackSamples counts the samples of each stack that golang.org/x/exp/trace finds.
func stackSamples(data []byte) (map[string]int, error) {
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int)
	for {
		e, err := r.ReadEvent()
		if err == io.EOF {
			return counts, nil
		}
		if err != nil {
			return nil, err
		}
		if e.Kind() != trace.EventStackSample {
			continue
		}
		var b strings.Builder
		for f := range e.Stack().Frames() {
			fmt.Fprintln(&b, f.Func, f.File, f.Line)
		}
		counts[b.String()]++
	}
}
