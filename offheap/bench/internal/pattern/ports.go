package pattern

import (
	"sync/atomic"
	"unsafe"
)

// Ports of the accepted suite's patterns.

// sizedOps returns the functions for each goroutine.
func (r *run) sizedOps() []SizedOps {
	ops := make([]SizedOps, r.Threads)
	for id := range ops {
		ops[id] = r.allocator.SizedOps()
	}
	return ops
}

// larson is a server: each thread has objects of 8 to 1000 bytes, replaces one
// at random again and again, and after a while ends and leaves them to a new
// thread.
func larson(r *run) {
	const lives = 10 // threads that follow each other
	chunks := 5000 * r.Scale
	ops := r.sizedOps()
	slots := make([][]object, r.Threads)
	for id := range slots {
		slots[id] = make([]object, chunks)
		g := rng(id)
		for i := range slots[id] {
			slots[id][i].put(&ops[id], uintptr(8+g.below(993)))
		}
	}
	n := max(1, r.N/lives)
	r.measure(n*lives, func(id int) {
		for life := range lives {
			done := make(chan bool)
			go func() {
				g := rng(id*lives + life + 100)
				ops := ops[id]
				slots := slots[id]
				for range n {
					slots[g.below(len(slots))].put(&ops, uintptr(8+g.below(993)))
				}
				done <- true
			}()
			<-done
		}
	})
	r.end(liveBytes(slots...))
	dropAll(ops[0], slots...)
}

// xmalloc has one thread that allocates objects of 64 bytes, 4096 at a time,
// and one that frees them, with up to 4 such loads between them.
func xmalloc(r *run) {
	const load, underWay, size = 4096, 4, 64
	ops := r.sizedOps()
	full := make(chan *[load]unsafe.Pointer, underWay)
	empty := make(chan *[load]unsafe.Pointer, underWay+2)
	for range underWay + 2 {
		empty <- new([load]unsafe.Pointer)
	}
	rounds := max(1, r.N/load)
	r.measure(rounds*load, func(id int) {
		ops := ops[id]
		for range rounds {
			if id == 0 {
				ps := <-empty
				for i := range ps {
					ps[i] = ops.Alloc(size)
					touch(ps[i])
				}
				full <- ps
			} else {
				ps := <-full
				for i := range ps {
					ops.Free(ps[i], size)
				}
				empty <- ps
			}
		}
	})
}

// mstressSize is mostly small: half of the objects up to 64 bytes, half of the
// rest up to 128, and so on; one in 1000 is of 8 to 64 KiB.
func mstressSize(g *rng) uintptr {
	x := g.next()
	if x%1000 == 0 {
		return 8<<10 + uintptr(x>>32%(56<<10))
	}
	limit := uintptr(64)
	for bits := x >> 10; bits&1 != 0 && limit < 4096; bits >>= 1 {
		limit *= 2
	}
	return 8 + uintptr(x>>32)%(limit-7)
}

// mstress has threads that each allocate a list of objects, free some of them
// meanwhile, keep a part for long and exchange others with the other threads
// through slots that all share.
func mstress(r *run) {
	const shared = 1000
	ops := r.sizedOps()
	transfer := make([]atomic.Pointer[object], shared)
	for i := range transfer {
		transfer[i].Store(new(object))
	}
	list := 10_000 * r.Scale
	rounds := max(1, r.N/list)
	slots := make([][]object, r.Threads) // what is left of the last round
	kept := make([][]object, r.Threads)
	for id := range slots {
		slots[id] = make([]object, list)
		kept[id] = make([]object, list/5)
	}
	r.measure(rounds*list, func(id int) {
		ops := ops[id]
		g := rng(id)
		slots, kept := slots[id], kept[id]
		spare := new(object)
		for range rounds {
			for i := range slots {
				slots[i].put(&ops, mstressSize(&g))
				switch x := g.next() >> 32; {
				case x%4 == 0: // free an earlier one
					slots[int(x>>3)%(i+1)].drop(&ops)
				case x%16 == 1: // keep one for long
					k := &kept[int(x>>5)%len(kept)]
					k.drop(&ops)
					*k, slots[i] = slots[i], object{}
				case x%16 == 2: // exchange one
					*spare = slots[i]
					spare = transfer[int(x>>5)%shared].Swap(spare)
					slots[i], *spare = *spare, object{}
				}
			}
			for i := range slots[:len(slots)/2] {
				slots[i].drop(&ops)
			}
		}
	})
	var exchanged []object
	for i := range transfer {
		exchanged = append(exchanged, *transfer[i].Load())
	}
	all := append(append(slots, kept...), exchanged)
	r.end(liveBytes(all...))
	dropAll(ops[0], all...)
}

// rptestSize is 16 to 16000 bytes, small ones more often: the square of a
// number that is equally distributed.
func rptestSize(g *rng) uintptr {
	x := g.below(1000)
	return uintptr(16 + x*x*15984/1_000_000)
}

// rptest has threads with blocks in a list. Again and again a thread frees a
// tenth of them, from a random place on, and allocates as many, and every
// second time it hands the next tenth to another thread to free.
func rptest(r *run) {
	blocks := 1000 * r.Scale
	ops := r.sizedOps()
	slots := make([][]object, r.Threads)
	gifts := make([]chan []object, r.Threads)
	for id := range slots {
		slots[id] = make([]object, blocks)
		gifts[id] = make(chan []object, 16)
		g := rng(id)
		for i := range slots[id] {
			slots[id][i].put(&ops[id], rptestSize(&g))
		}
	}
	tenth := blocks / 10
	rounds := max(1, r.N/tenth*2/3)
	r.measure(rounds*tenth*3/2, func(id int) {
		ops := ops[id]
		g := rng(id + 100)
		slots := slots[id]
		for round := range rounds {
			at := g.below(blocks)
			for i := range tenth {
				slots[(at+i)%blocks].put(&ops, rptestSize(&g))
			}
			if round%2 == 1 {
				gift := make([]object, tenth)
				for i := range gift {
					s := &slots[(at+tenth+i)%blocks]
					gift[i], *s = *s, object{}
					s.put(&ops, rptestSize(&g))
				}
				select {
				case gifts[(id+1)%r.Threads] <- gift:
				default:
					dropAll(ops, gift)
				}
			}
			select {
			case gift := <-gifts[id]:
				dropAll(ops, gift)
			default:
			}
		}
	})
	for _, c := range gifts {
		close(c)
		for gift := range c {
			dropAll(ops[0], gift)
		}
	}
	r.end(liveBytes(slots...))
	dropAll(ops[0], slots...)
}

// paretoSize is 8 to 1024 bytes, or seldom more up to 32 KiB: each doubling of
// the size is 2.3 times less likely.
func paretoSize(g *rng) uintptr {
	x := g.next()
	size := uintptr(8)
	for bits := x & 0xffffff; bits < 0xffffff*10/23 && size < 32<<10; bits = bits * 23 / 10 {
		size *= 2
	}
	return size/2 + uintptr(x>>32)%(size/2) + 4
}

// allocTest has each thread take random slots of a large set: where there is an
// object it is freed, after it was read, and where there is none it is made and
// written in full.
func allocTest(r *run) {
	const slotCount = 1 << 15
	ops := r.sizedOps()
	sets := make([][slotCount]object, r.Threads)
	r.measure(r.N, func(id int) {
		ops := ops[id]
		g := rng(id)
		slots := sets[id][:]
		var sum byte
		for range 2 * r.N {
			s := &slots[g.below(slotCount)]
			if s.p == nil {
				s.put(&ops, paretoSize(&g))
				clear(unsafe.Slice((*byte)(s.p), s.size))
				continue
			}
			for i := uintptr(0); i < s.size; i += 64 {
				sum += *(*byte)(unsafe.Add(s.p, i))
			}
			s.drop(&ops)
		}
		sink.Store(uint32(sum))
		dropAll(ops, slots)
	})
}

var sink atomic.Uint32

// glibcSimple allocates 25, 100, 400 and 1600 objects of one size and frees
// them: in the order they came, the other way round, and with every fourth one
// freed only after the others.
func glibcSimple(r *run) {
	counts := []int{25, 100, 400, 1600}
	sizes := []uintptr{16, 32, 64, 128, 256, 512, 1024, 4096}
	perRound := 0
	for _, c := range counts {
		perRound += 3 * c * len(sizes)
	}
	ops := r.allocator.SizedOps()
	rounds := max(1, r.N/perRound)
	ps := make([]unsafe.Pointer, 1600)
	r.measure(rounds*perRound, func(int) {
		for range rounds {
			for _, size := range sizes {
				for _, count := range counts {
					for order := range 3 {
						simple(&ops, ps[:count], size, order)
					}
				}
			}
		}
	})
}

// simple is one step of glibcSimple.
func simple(ops *SizedOps, ps []unsafe.Pointer, size uintptr, order int) {
	for i := range ps {
		ps[i] = ops.Alloc(size)
		touch(ps[i])
	}
	switch order {
	case 0:
		for _, p := range ps {
			ops.Free(p, size)
		}
	case 1:
		for i := range ps {
			ops.Free(ps[len(ps)-1-i], size)
		}
	case 2:
		for i, p := range ps {
			if i%4 != 0 {
				ops.Free(p, size)
			}
		}
		for i := 0; i < len(ps); i += 4 {
			ops.Free(ps[i], size)
		}
	}
}

// glibcThread has each thread replace objects at random in a set of 1024 slots
// of its own, with sizes as paretoSize has them.
func glibcThread(r *run) {
	ops := r.sizedOps()
	r.measure(r.N, func(id int) {
		ops := ops[id]
		g := rng(id)
		slots := make([]object, 1024)
		for range r.N {
			slots[g.below(len(slots))].put(&ops, paretoSize(&g))
		}
		dropAll(ops, slots)
	})
}

// cacheScratch is about objects that share a cache line: one thread allocates
// an object of 8 bytes for each thread; each frees the one it got, and then
// allocates one, writes to it 100 times and frees it, again and again.
func cacheScratch(r *run) {
	const size = 8
	ops := r.sizedOps()
	first := make([]object, r.Threads)
	for id := range first {
		first[id].put(&ops[0], size)
	}
	r.measure(r.N, func(id int) {
		ops := ops[id]
		first[id].drop(&ops)
		for range r.N {
			p := ops.Alloc(size)
			for range 100 {
				*(*uint32)(p)++
			}
			ops.Free(p, size)
		}
	})
}
