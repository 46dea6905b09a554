package heapsim

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPresized has a slice that is presized live from its first memory's birth to its
// last one's death, as one of its last size.
func TestPresized(t *testing.T) {
	t.Parallel()
	const large = 8 << 20
	c := Config{Layout: layoutOf(t, true), GOGC: 100}
	objects := seenBy(objectsOf(random(rand.New(rand.NewPCG(8, 9)), 40_000, 2_000, 4_000, nothing), 1), Config{Layout: c.Layout, GOGC: 10})
	n := len(objects)
	for _, tt := range []struct {
		name string
		dead uint64
	}{{"to the end", Forever}, {"for a part", uint64(n * 3 / 4)}} {
		alive := min(tt.dead, uint64(n))
		grows, once := slices.Clone(objects), slices.Clone(objects)
		const site = 99
		for i, at := range []int{100, n / 4, n / 2} {
			died := uint64(n/4*(i+1) + 1)
			o := Object{Bytes: large >> (2 * (2 - i)), NoScan: true, Site: site, Alive: died, Likely: died, Dead: died, Growth: new(Growth)}
			if i == 0 {
				o.Growth = &Growth{Bytes: large, Alive: alive, Likely: alive, Dead: tt.dead}
			}
			grows[at], once[at] = o, o
			once[at].Growth = nil
		}
		once[100].Site, once[100].Bytes, once[100].Alive, once[100].Likely, once[100].Dead = 0, large, alive, alive, tt.dead
		w := WhatIf{Config: with(c, 0.3), Change: Object.Presized}
		got := Predict(seq(grows), w)
		w.Change = func(o Object) (Object, bool) { return o, o.Site != site }
		want := Predict(seq(once), w)
		if got.Changed != 3 || got.ChangedBytes != large+large/4+large/16 {
			t.Errorf("%s: %d objects of %d bytes are other", tt.name, got.Changed, got.ChangedBytes)
		}
		got.Changed, got.ChangedBytes, want.Changed, want.ChangedBytes = 0, 0, 0, 0
		if got != want {
			t.Errorf("%s: a slice that is presized:\n%+v\nan object as large:\n%+v", tt.name, got, want)
		}
		if w.Change = nil; got == Predict(seq(grows), w) {
			t.Errorf("%s: presized is as grown", tt.name)
		}
	}
}
