package offheap

import (
	"math"
	"unsafe"
)

// How a map grows and shrinks. See map.go for an overview.

// grow makes room for a key with a hash in its table, or replaces the table by
// one, or two, that may have room. After an error the map is as before.
func (m Map[K, V]) grow(hash uint64) error {
	h := m.h
	p := h.place(hash)
	t, slots := p.link.table(), p.link.table().slots()
	deleted := room(slots) - t.used - t.left
	var err error
	switch {
	case p.link.isEmpty():
		return m.replace(p, hash, groupSlots)
	case deleted >= slots/4 && h.iterators == 0:
		m.reorder(t)
		return nil
	case deleted >= slots/4:
		err = m.replace(p, hash, slots)
	case slots < h.maxSlots || t.depth >= mapMaxDepth || m.sameNextBit(t):
		err = m.replace(p, hash, 2*slots)
	default:
		err = m.split(p, hash)
	}
	if err != nil && deleted > 0 && h.iterators == 0 {
		m.reorder(t)
		return nil
	}
	return err
}

// replace replaces a table by one with a number of slots.
func (m Map[K, V]) replace(p mapPlace, hash uint64, slots uint32) error {
	old := p.link.table()
	t, err := m.newTable(slots, old.depth)
	if err != nil {
		return err
	}
	m.move(old, t, t)
	p.set(hash, t.depth, t)
	m.drop(old)
	return nil
}

// split replaces a table by two.
func (m Map[K, V]) split(p mapPlace, hash uint64) error {
	h, old := m.h, p.link.table()
	depth := old.depth + 1
	t0, err := m.newTable(old.slots(), depth)
	if err != nil {
		return err
	}
	t1, err := m.newTable(old.slots(), depth)
	if err != nil {
		m.freeTable(t0)
		return err
	}
	if p.below() == old.depth {
		if err := m.deepen(p); err != nil {
			m.freeTable(t0)
			m.freeTable(t1)
			return err
		}
		p = h.place(hash)
	}
	m.move(old, t0, t1)
	bit := uint64(1) << (64 - depth)
	p.set(hash&^bit, depth, t0)
	p.set(hash|bit, depth, t1)
	if p.below() == depth {
		p.dir.n += 2
	}
	m.drop(old)
	return nil
}

// deepen gives a table that has one link another: it doubles the directory, or
// puts one between the link and the table.
func (m Map[K, V]) deepen(p mapPlace) error {
	l, from := p.link, []mapLink{*p.link}
	if p.dir != nil && p.dir.bits < m.h.maxBits {
		l, from = p.dir, p.dir.links()
	}
	links, err := m.newDir(l.bits + 1)
	if err != nil {
		return err
	}
	for i, c := range from {
		links[2*i], links[2*i+1] = c, c
	}
	if l.bits > 0 {
		m.freeDir(l.addr, l.bits)
	}
	*l = mapLink{addr: uintptr(unsafe.Pointer(&links[0])), bits: l.bits + 1}
	return nil
}

// reserve gives an empty map the tables that n entries need. After an error it is
// as before.
//
// In a map of several tables each has another number of entries: the square root
// of the mean is their standard deviation. So tables get a mean from which what
// they have room for is three of those away: one table in 700 is split then.
func (m Map[K, V]) reserve(n int) error {
	h := m.h
	if n <= 0 {
		return nil
	}
	slots := uint32(groupSlots)
	for slots < h.maxSlots && int(room(slots)) < n {
		slots *= 2
	}
	var depth uint8
	if full := int(room(slots)); n > full {
		for mean := n; depth < mapMaxDepth; mean = n >> depth {
			if spare := full - mean; spare > 0 && spare*spare >= 9*mean {
				break
			}
			depth++
		}
	}
	size, err := tableSize(slots, slotSize[K, V]())
	if err != nil {
		return err
	}
	if size > maxAlloc>>depth {
		return &oomError{size: math.MaxInt, cause: errTooLarge}
	}
	root, err := m.newLink(slots, 0, depth)
	if err == nil {
		h.root = root
	}
	return err
}

// newLink returns a link, above bits of the hash deep, to an empty table, or to
// directories of bits bits in all with one for each link.
func (m Map[K, V]) newLink(slots uint32, above, bits uint8) (mapLink, error) {
	if bits == 0 {
		t, err := m.newTable(slots, above)
		if err != nil {
			return mapLink{}, err
		}
		return mapLink{addr: uintptr(unsafe.Pointer(t)), n: t.groups1}, nil
	}
	b := min(bits, m.h.maxBits)
	links, err := m.newDir(b)
	if err != nil {
		return mapLink{}, err
	}
	l := mapLink{addr: uintptr(unsafe.Pointer(&links[0])), n: uint32(len(links)), bits: b}
	for i := range links {
		if links[i], err = m.newLink(slots, above+b, bits-b); err != nil {
			for j := range links[:i] {
				m.freeLink(&links[j], above+b)
			}
			m.freeDir(l.addr, b)
			return mapLink{}, err
		}
	}
	return l, nil
}

// newDir returns the links of a new directory.
func (m Map[K, V]) newDir(bits uint8) ([]mapLink, error) {
	size := linkSize << bits
	p, err := m.a.AllocUninit(size)
	if err != nil {
		return nil, err
	}
	m.h.bytes += size
	return unsafe.Slice((*mapLink)(p), 1<<bits), nil
}

func (m Map[K, V]) freeDir(addr uintptr, bits uint8) {
	size := linkSize << bits
	m.h.bytes -= size
	m.a.Free(objectAt(&addr), size)
}

// sameNextBit reports whether a split of a table would leave all entries in one
// half. It looks at two of them, nearly always.
func (m Map[K, V]) sameNextBit(t *mapTable) bool {
	var seen [2]bool
	size := slotSize[K, V]()
	for n := range t.groups1 + 1 {
		g := t.group(n, size)
		for full := matchFull(g.ctrl); full != 0; full &= full - 1 {
			hash := hashOf(m.h, *slotKey[K](g.slot(firstMatch(full), size)))
			seen[hash>>(63-t.depth)&1] = true
			if seen[0] && seen[1] {
				return false
			}
		}
	}
	return true
}

// move copies all entries of a table to t0 or t1, as the last bit of their depth
// says; or to t0, if they are the same. They must have room, and nothing
// deleted.
func (m Map[K, V]) move(from, t0, t1 *mapTable) {
	size := slotSize[K, V]()
	for n := range from.groups1 + 1 {
		g := from.group(n, size)
		for full := matchFull(g.ctrl); full != 0; full &= full - 1 {
			slot := g.slot(firstMatch(full), size)
			hash := hashOf(m.h, *slotKey[K](slot))
			to := t0
			if t0 != t1 && hash>>(64-t0.depth)&1 == 1 {
				to = t1
			}
			toG, i := to.notFull(hash, size)
			toG.mark(i, hash7(hash))
			to.used++
			to.left--
			copySlot[K, V](toG.slot(i, size), slot)
		}
	}
	m.h.moved += uint64(from.used)
}

// reorder makes all deleted slots of a table empty, in place. It must not be
// called while there are iterations.
func (m Map[K, V]) reorder(t *mapTable) {
	// Entries that are yet to be put where they belong are marked as deleted.
	size := slotSize[K, V]()
	for n := range t.groups1 + 1 {
		g := t.group(n, size)
		notFull := matchNotFull(g.ctrl)
		g.ctrl = (^notFull + notFull>>7) &^ everyByte
	}
	for n := range t.groups1 + 1 {
		g := t.group(n, size)
		for i := uint32(0); i < groupSlots; {
			if g.control(i) != ctrlDeleted || m.settle(t, g, i) {
				i++
			}
		}
	}
	t.left = room(t.slots()) - t.used
}

// settle puts the entry of a slot where it belongs. It reports false if the slot
// now has another, which is yet to be settled.
func (m Map[K, V]) settle(t *mapTable, from *mapGroup, i uint32) bool {
	size := slotSize[K, V]()
	slot := from.slot(i, size)
	hash := hashOf(m.h, *slotKey[K](slot))
	to, j := t.notFull(hash, size)
	if to == from {
		from.mark(i, hash7(hash)) // that a lower slot is free does not matter
		return true
	}
	m.h.moved++
	free := to.control(j) == ctrlEmpty
	to.mark(j, hash7(hash))
	if free {
		copySlot[K, V](to.slot(j, size), slot)
		from.mark(i, ctrlEmpty)
		return true
	}
	other := to.slot(j, size)
	ka, kb, va, vb := slotKey[K](slot), slotKey[K](other), slotValue[K, V](slot), slotValue[K, V](other)
	*ka, *kb = *kb, *ka
	*va, *vb = *vb, *va
	return false
}

// compact makes the memory of the table for a hash fit what is in it, if that is
// little. Tables are joined only if their hashes are within span from from on; a
// span of 0 is all hashes. Without memory all stays as it is.
func (m Map[K, V]) compact(hash, from, span uint64) {
	for {
		p := m.h.place(hash)
		t := p.link.table()
		if t.used >= t.slots()/8 {
			return
		}
		if !m.join(p, hash, from, span) {
			if slots := m.slotsFor(t.used); slots < t.slots() {
				m.replace(p, hash, slots)
			}
			return
		}
	}
}

// slotsFor is the slots of a table that n entries fill to a half.
func (m Map[K, V]) slotsFor(n uint32) uint32 {
	slots := uint32(groupSlots)
	for room(slots) < 2*n {
		slots *= 2
	}
	return slots
}

// join replaces a table and its buddy by one. It reports false if there is none,
// or it has too much, or there is no memory.
func (m Map[K, V]) join(p mapPlace, hash, from, span uint64) bool {
	t := p.link.table()
	if p.dir == nil || t.depth <= p.above {
		return false
	}
	bit := uint64(1) << (64 - t.depth)
	if first := hash &^ (2*bit - 1); span != 0 && (bit<<1 == 0 || first-from >= span || span-(first-from) < bit<<1) {
		return false
	}
	buddy := p.dir.at(p.index(hash ^ bit))
	if buddy.bits != 0 {
		return false
	}
	b := buddy.table()
	if b.depth != t.depth || 2*(t.used+b.used) > room(m.h.maxSlots) {
		return false
	}
	joined, err := m.newTable(m.slotsFor(t.used+b.used), t.depth-1)
	if err != nil {
		return false
	}
	m.move(t, joined, joined)
	m.move(b, joined, joined)
	p.set(hash, joined.depth, joined)
	if p.below() == t.depth {
		p.dir.n -= 2
	}
	if p.dir.n == 0 {
		m.flatten(p)
	}
	m.drop(t)
	m.drop(b)
	return true
}

// flatten halves a directory as long as no link of it is alone, and in the end
// replaces it by its only table. Without memory it stays.
func (m Map[K, V]) flatten(p mapPlace) {
	for d := p.dir; d.n == 0 && d.bits > 0; {
		old := *d
		if old.bits == 1 {
			*d = *old.at(0)
			m.freeDir(old.addr, old.bits)
			return
		}
		links, err := m.newDir(old.bits - 1)
		if err != nil {
			return
		}
		*d = mapLink{addr: uintptr(unsafe.Pointer(&links[0])), bits: old.bits - 1}
		for i := range links {
			links[i] = *old.at(2 * uint64(i))
			if links[i].table().depth == p.above+d.bits {
				d.n++
			}
		}
		m.freeDir(old.addr, old.bits)
	}
}
