package offheap

import (
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
)

// Iterations over a map. See map.go for an overview.

// iterate calls yield for all entries until it returns false.
//
// The iteration starts at a table chosen at random, and goes on to the one with
// the next higher hashes, and after the highest to the lowest, until it is back.
// Where it is is a hash: no matter how tables are split and directories change,
// that is the first hash of some table, since no table is joined with one that
// the iteration has not left yet.
func (m Map[K, V]) iterate(yield func(K, *V) bool) {
	h := m.h
	if h == nil || h.len == 0 {
		return
	}
	atomic.AddInt32(&h.iterators, 1)
	defer func() {
		if atomic.AddInt32(&h.iterators, -1) == 0 {
			m.freeRetired()
		}
	}()
	random := rand.Uint64()
	clears, deletes := h.clears, h.deletes
	hash := firstHash(random, h.link(random).table().depth)
	for start := hash; ; {
		t := h.link(hash).table()
		depth := t.depth
		if !m.iterateTable(t, random, clears, yield) {
			return
		}
		next := hash + 1<<(64-depth)
		if (h.deletes != deletes || h.retired != 0) && atomic.LoadInt32(&h.iterators) == 1 {
			// No iteration is in any table now.
			h.iterators = 0
			m.freeRetired()
			m.compact(hash, start, next-start)
			h.iterators = 1
		}
		hash = next
		if hash == start {
			return
		}
	}
}

// firstHash is the lowest hash of the table for a hash.
func firstHash(hash uint64, depth uint8) uint64 { return hash &^ (1<<(64-depth) - 1) }

// iterateTable calls yield for the entries of a table, from a random one on. It
// reports false if the iteration is to end.
func (m Map[K, V]) iterateTable(t *mapTable, random, clears uint64, yield func(K, *V) bool) bool {
	size := slotSize[K, V]()
	turn := int(random % groupSlots)
	for n := range t.groups1 + 1 {
		g := t.group((n+uint32(random>>3))&t.groups1, size)
		full := bits.RotateLeft64(matchFull(g.ctrl), -8*turn)
		for ; full != 0; full &= full - 1 {
			i := (firstMatch(full) + uint32(turn)) % groupSlots
			if !g.isFull(i) {
				continue
			}
			slot := g.slot(i, size)
			k := *slotKey[K](slot)
			v := slotValue[K, V](slot)
			if t.retired && k == k {
				if v, _ = find[K, V](m.h, k); v == nil {
					continue
				}
				k = *slotKey[K](slotOf[K](v))
			}
			if !yield(k, v) || m.h.clears != clears {
				return false
			}
		}
	}
	return true
}
