package pattern

import "unsafe"

// Patterns of objects of one size.

// pair frees each object at once.
func pair(r *run) {
	ops := make([]Ops, r.Threads)
	for id := range ops {
		ops[id] = r.allocator.Ops(r.Size)
	}
	r.measure(r.N, func(id int) {
		ops := ops[id]
		for range r.N {
			p := ops.Alloc()
			touch(p)
			ops.Free(p)
		}
	})
}

// batch allocates 1000 objects and frees them in random order.
func batch(r *run) {
	const live = 1000
	var seed rng
	order := seed.shuffle(live)
	ops := make([]Ops, r.Threads)
	for id := range ops {
		ops[id] = r.allocator.Ops(r.Size)
	}
	rounds := max(1, r.N/live)
	r.measure(rounds*live, func(id int) {
		ops := ops[id]
		ps := make([]unsafe.Pointer, live)
		for range rounds {
			for i := range ps {
				p := ops.Alloc()
				touch(p)
				ps[i] = p
			}
			for _, i := range order {
				ops.Free(ps[i])
			}
		}
	})
}

// prodcons has one goroutine that allocates and one that frees, 100 objects at
// a time, with up to 8 such loads under way. N is the objects.
func prodcons(r *run) {
	const load, underWay = 100, 8
	full := make(chan []unsafe.Pointer, underWay)
	empty := make(chan []unsafe.Pointer, underWay+2)
	for range underWay + 2 {
		empty <- make([]unsafe.Pointer, load)
	}
	rounds := max(1, r.N/load)
	producer, consumer := r.allocator.Ops(r.Size), r.allocator.Ops(r.Size)
	r.measure(rounds*load, func(id int) {
		if id == 0 {
			for range rounds {
				ps := <-empty
				for i := range ps {
					p := producer.Alloc()
					touch(p)
					ps[i] = p
				}
				full <- ps
			}
			return
		}
		for range rounds {
			ps := <-full
			for _, p := range ps {
				consumer.Free(p)
			}
			empty <- ps
		}
	})
}
