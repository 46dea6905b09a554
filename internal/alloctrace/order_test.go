package alloctrace

import (
	"encoding/binary"
	"testing"
)

// A script writes a trace of one part, whose threads have one batch each.
type script []byte

func newScript() script {
	s := script("go 1.26 trace\x00\x00\x00")
	s.batch(evEventBatch, 0, 1, []byte{evSync}, numbers(evFrequency, 1e9/64), numbers(evClockSnapshot, 0, 0, 0, 0))
	s.batch(evExperimentalBatch, 0, 1, numbers(infoBatch, 0, PageBytes, objectAlign, 2048))
	return s
}

// numbers is an event: what it is, and numbers.
func numbers(event byte, list ...uint64) []byte {
	b := []byte{event}
	for _, n := range list {
		b = binary.AppendUvarint(b, n)
	}
	return b
}

func (s *script) batch(kind byte, thread, tick uint64, events ...[]byte) {
	var data []byte
	for _, e := range events {
		data = append(data, e...)
	}
	*s = append(*s, kind)
	if kind == evExperimentalBatch {
		*s = append(*s, allocFree)
	}
	*s = append(*s, numbers(0, 1, thread, tick, uint64(len(data)))[1:]...)
	*s = append(*s, data...)
}

// Thread 1 has swept a span, and thread 2 uses its slots, by their clocks
// before they are free, or before the span is there.
func TestLateClock(t *testing.T) {
	const page, class, slots = 3, 2 << 1, 100 // of 16 bytes
	at := func(slot int) uint64 { return page*perPage + uint64(slot)*2 }
	span := numbers(evSpanAlloc, 10, page, 1, class<<1)
	for _, test := range []struct {
		name   string
		step   uint64 // from one of thread 1's events to the next
		fresh  bool   // it has made the span, not freed the slots
		again  int    // of the slots, those that thread 2 says it uses twice
		misfit int
	}{
		{name: "freed late", step: 1},
		{name: "made late", step: 1, fresh: true},
		{name: "one is used twice", step: 1, again: 1, misfit: 1},
		{name: "the time is exact", step: 2, misfit: slots}, // then it is no question of the clock
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newScript()
			first := [][]byte{span}
			var second [][]byte
			for i := range slots {
				if test.fresh {
					break
				}
				first = append(first, numbers(evHeapObjectAlloc, 2, at(i), 0))
			}
			first = append(first, numbers(evHeapGoal, 1000, 0))
			for range 1000 { // it gets ahead of the time
				first = append(first, numbers(evHeapGoal, test.step, 0))
			}
			for i := range slots {
				if !test.fresh {
					first = append(first, numbers(evHeapObjectFree, test.step, at(i)))
				}
			}
			if test.fresh {
				first = append(first[1:], numbers(evSpanAlloc, 1, page, 1, class<<1))
			}
			for i := range slots {
				second = append(second, numbers(evHeapObjectAlloc, 2, at(i), 0))
				if i < test.again {
					second = append(second, numbers(evHeapObjectAlloc, 2, at(i), 0))
				}
			}
			s.batch(evEventBatch, 1, 1, first...)
			s.batch(evEventBatch, 2, 1800, second...)
			s = append(s, evEndOfGeneration)

			live := make(map[int32]bool)
			events, misfits := 0, 0
			for e, err := range open(t, s).Events() {
				if err != nil {
					t.Fatal(err)
				}
				switch e.Kind {
				case ObjectAlloc, ObjectFree:
					events++
					if live[e.Slot] == (e.Kind == ObjectAlloc) {
						misfits++
					}
					live[e.Slot] = e.Kind == ObjectAlloc
				case Misfit:
					misfits++
				}
			}
			want := 3*slots + test.again
			if test.fresh {
				want = slots
			}
			if events != want || misfits != test.misfit {
				t.Errorf("%d events of objects, %d do not fit; want %d and %d", events, misfits, want, test.misfit)
			}
		})
	}
}
