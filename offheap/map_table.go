package offheap

import (
	"hash/maphash"
	"iter"
	"math"
	"math/bits"
	"math/rand/v2"
	"unsafe"
)

// Tables of a map, and the way to them. See map.go for an overview.

const (
	groupSlots = 8

	// A control byte is ctrlEmpty, ctrlDeleted, or the lowest 7 bits of the
	// hash of the key.
	ctrlEmpty   = 0x80
	ctrlDeleted = 0xfe

	everyByte  = 0x0101010101010101
	everyTop   = everyByte * 0x80
	emptyGroup = everyByte * ctrlEmpty

	// A table of a map that has more than one has mapTableSlots slots, or
	// as many as fit in mapTableBytes, but 64 at least. More slots make an
	// insert that splits a table slower, fewer make the directory longer.
	mapTableSlots    = 1024
	mapTableBytes    = 128 << 10
	mapMinTableSlots = 64

	// A directory has at most 2^mapDirBits links: the copy when it doubles is
	// the rest of what bounds an insert.
	mapDirBits = 12

	// At this depth tables grow instead of being split: the bits below
	// choose the group.
	mapMaxDepth = 48
)

// A mapHeader is off the heap, as all else of a map.
type mapHeader struct {
	seeds [3]uint64
	seed  maphash.Seed

	root  mapLink
	len   int
	bytes uintptr // of tables, retired ones included, and directories
	moved uint64  // entries that were moved to another slot

	deletes, clears uint64

	// iterations that are under way, and the tables kept for them. The count
	// is atomic, since goroutines may read a map, and so iterate, at once.
	iterators int32
	retired   uintptr

	maxSlots uint32 // of a table of several
	maxBits  uint8  // of a directory
	plain    bool   // keys are equal if their bytes are
}

// A mapLink leads to a table or a directory.
type mapLink struct {
	addr uintptr
	n    uint32 // a table's groups - 1; a directory's links that share with none
	bits uint8  // log2 of a directory's length; 0 for a table
}

const linkSize = unsafe.Sizeof(mapLink{})

// A mapTable is followed by its groups.
type mapTable struct {
	used    uint32 // entries
	left    uint32 // empty slots that may be filled
	groups1 uint32 // groups - 1
	depth   uint8  // bits of the hash that all keys have in common
	retired bool
	next    uintptr // another retired table
}

// tableHeader is the offset of the groups, which are aligned to 8 bytes.
const tableHeader = (unsafe.Sizeof(mapTable{}) + 7) &^ 7

// emptyTable is the table of all maps without one. It is full: it has no slot
// to fill.
var emptyTable = struct {
	mapTable
	_    [tableHeader - unsafe.Sizeof(mapTable{})]byte
	ctrl uint64
}{ctrl: emptyGroup}

func emptyLink() mapLink {
	return mapLink{addr: uintptr(unsafe.Pointer(&emptyTable))}
}

func (l *mapLink) isEmpty() bool { return l.addr == uintptr(unsafe.Pointer(&emptyTable)) }

func (h *mapHeader) init(plain bool, slot uintptr) {
	*h = mapHeader{
		seeds: [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()},
		seed:  maphash.MakeSeed(),
		root:  emptyLink(),
		plain: plain,

		maxSlots: maxTableSlots(slot),
		maxBits:  mapDirBits,
	}
}

// maxTableSlots is mapHeader.maxSlots where a slot has size bytes.
func maxTableSlots(size uintptr) uint32 {
	n := uint32(mapTableSlots)
	for n > mapMinTableSlots && size > mapTableBytes/uintptr(n) {
		n /= 2
	}
	return n
}

// slotLayout is where the value of a slot is, and how long a slot is.
func slotLayout[K comparable, V any]() (value, size uintptr) {
	var k K
	var v V
	value = alignUp(unsafe.Sizeof(k), unsafe.Alignof(v))
	return value, max(1, alignUp(value+unsafe.Sizeof(v), max(unsafe.Alignof(k), unsafe.Alignof(v))))
}

func slotSize[K comparable, V any]() uintptr {
	_, size := slotLayout[K, V]()
	return size
}

func alignUp(n, align uintptr) uintptr { return (n + align - 1) &^ (align - 1) }

func slotKey[K comparable](slot unsafe.Pointer) *K { return (*K)(slot) }

func slotValue[K comparable, V any](slot unsafe.Pointer) *V {
	value, _ := slotLayout[K, V]()
	return (*V)(unsafe.Add(slot, value))
}

// slotOf is the slot with a value.
func slotOf[K comparable, V any](v *V) unsafe.Pointer {
	value, _ := slotLayout[K, V]()
	return unsafe.Add(unsafe.Pointer(v), -int(value))
}

// copySlot copies an entry to another slot.
func copySlot[K comparable, V any](to, from unsafe.Pointer) {
	*slotKey[K](to) = *slotKey[K](from)
	*slotValue[K, V](to) = *slotValue[K, V](from)
}

func (l *mapLink) table() *mapTable { return (*mapTable)(objectAt(&l.addr)) }

// at is link i of a directory.
func (l *mapLink) at(i uint64) *mapLink {
	return (*mapLink)(unsafe.Add(objectAt(&l.addr), uintptr(i)*linkSize))
}

// links is the links of a directory.
func (l *mapLink) links() []mapLink {
	return unsafe.Slice((*mapLink)(objectAt(&l.addr)), 1<<l.bits)
}

// link is the link to the table for a hash.
func (h *mapHeader) link(hash uint64) *mapLink {
	l := &h.root
	for l.bits != 0 {
		b := l.bits
		l = l.at(hash >> ((64 - b) & 63))
		hash <<= b & 63
	}
	return l
}

// A mapPlace is the way to a table.
type mapPlace struct {
	link  *mapLink // to the table; the first with the topmost bits of the hash
	dir   *mapLink // to the directory with that link, or nil
	above uint8    // bits of the hash that lead to dir
}

func (h *mapHeader) place(hash uint64) mapPlace {
	p := mapPlace{link: &h.root}
	for p.link.bits != 0 {
		if p.dir != nil {
			p.above += p.dir.bits
		}
		p.dir = p.link
		p.link = p.dir.at(p.index(hash))
	}
	return p
}

// index is which link of the directory is that of a hash.
func (p *mapPlace) index(hash uint64) uint64 {
	return hash << p.above >> (64 - p.dir.bits)
}

// below is the bits of the hash that lead to the table at most.
func (p *mapPlace) below() uint8 {
	if p.dir == nil {
		return 0
	}
	return p.above + p.dir.bits
}

// set makes all links for hashes that begin as hash does, for depth bits, lead
// to t.
func (p *mapPlace) set(hash uint64, depth uint8, t *mapTable) {
	to := mapLink{addr: uintptr(unsafe.Pointer(t)), n: t.groups1}
	if p.dir == nil {
		*p.link = to
		return
	}
	n := uint64(1) << (p.below() - depth)
	first := p.index(hash) &^ (n - 1)
	links := p.dir.links()[first : first+n]
	for i := range links {
		links[i] = to
	}
}

func tableAt(addr *uintptr) *mapTable { return (*mapTable)(objectAt(addr)) }

func (t *mapTable) slots() uint32 { return (t.groups1 + 1) * groupSlots }

// room is how many entries a table with a number of slots can have.
func room(slots uint32) uint32 { return slots / 8 * 7 }

// A mapGroup is followed by its slots.
type mapGroup struct{ ctrl uint64 }

// groupSize is the bytes of a group whose slots have size bytes.
func groupSize(size uintptr) uintptr { return unsafe.Sizeof(mapGroup{}) + groupSlots*size }

// group is group n of a table whose slots have size bytes.
func (t *mapTable) group(n uint32, size uintptr) *mapGroup {
	return (*mapGroup)(unsafe.Add(unsafe.Pointer(t), tableHeader+uintptr(n)*groupSize(size)))
}

// slot is slot i of a group.
func (g *mapGroup) slot(i uint32, size uintptr) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(g), unsafe.Sizeof(*g)+uintptr(i)*size)
}

// control is the control byte of slot i.
func (g *mapGroup) control(i uint32) uint8 { return uint8(g.ctrl >> (i % groupSlots * 8)) }

// isFull reports whether slot i has an entry.
func (g *mapGroup) isFull(i uint32) bool { return g.control(i) < ctrlEmpty }

// mark sets the control byte of slot i.
func (g *mapGroup) mark(i uint32, c uint8) {
	shift := i % groupSlots * 8
	g.ctrl = g.ctrl&^(0xff<<shift) | uint64(c)<<shift
}

// delete makes a slot empty or deleted.
func (t *mapTable) delete(slot unsafe.Pointer, size uintptr) {
	offset := uintptr(slot) - uintptr(unsafe.Pointer(t.group(0, size)))
	g := t.group(uint32(offset/groupSize(size)), size)
	i := uint32((uintptr(slot) - uintptr(g.slot(0, size))) / size)
	t.used--
	if matchEmpty(g.ctrl) != 0 {
		g.mark(i, ctrlEmpty)
		t.left++
	} else {
		g.mark(i, ctrlDeleted)
	}
}

// firstGroup is the group where looking for a hash begins, of a table of
// groups1+1 groups; hash7 is what the control byte has of it.
func firstGroup(hash uint64, groups1 uint32) uint32 { return uint32(hash>>7) & groups1 }
func hash7(hash uint64) uint8                       { return uint8(hash & 0x7f) }

// The match functions return a word with the topmost bit set of each byte that
// matches.

// match looks for a control byte that h7s has 8 times. It may find other bytes
// too, above one that matches, when the subtraction borrows: whoever uses it
// compares the keys.
func match(ctrl, h7s uint64) uint64 {
	v := ctrl ^ h7s
	return (v - everyByte) &^ v & everyTop
}

func matchEmpty(ctrl uint64) uint64 { return ctrl &^ (ctrl << 6) & everyTop }

func matchNotFull(ctrl uint64) uint64 { return ctrl & everyTop }

func matchFull(ctrl uint64) uint64 { return ^ctrl & everyTop }

// firstMatch is the index of the lowest byte that matches.
func firstMatch(match uint64) uint32 { return uint32(bits.TrailingZeros64(match)) / 8 }

// find returns where the value of k is, or nil, and k's hash. It is the one call
// of a look-up.
func find[K comparable, V any](h *mapHeader, k K) (v *V, hash uint64) {
	if h == nil {
		return nil, 0
	}
	if h.plain && unsafe.Sizeof(k) == 8 {
		hash = h.hash64(word(unsafe.Pointer(&k), 0)) // as hashOf does, without a call
	} else {
		hash = hashOf(h, k)
	}
	l := h.link(hash)
	t, groups1 := objectAt(&l.addr), l.n
	size := slotSize[K, V]()
	h7s := everyByte * uint64(hash7(hash))
	n := firstGroup(hash, groups1)
	for step := uint32(1); ; step++ {
		g := (*mapTable)(t).group(n, size)
		for found := match(g.ctrl, h7s); found != 0; found &= found - 1 {
			slot := g.slot(firstMatch(found), size)
			if *slotKey[K](slot) == k {
				return slotValue[K, V](slot), hash
			}
		}
		if matchEmpty(g.ctrl) != 0 {
			return nil, hash
		}
		n = (n + step) & groups1
	}
}

// valueFor returns where the value of k is. If k is not in the map, it takes a
// slot and puts k in, but no value.
func (m Map[K, V]) valueFor(k K) (*V, error) {
	v, hash := find[K, V](m.h, k)
	if v == nil {
		return m.insert(k, hash)
	}
	if !m.h.plain {
		*slotKey[K](slotOf[K](v)) = k // 0 and -0 are equal
	}
	return v, nil
}

// insert takes a slot for k, which is not in the map, and puts k in, but no
// value.
func (m Map[K, V]) insert(k K, hash uint64) (*V, error) {
	h := m.h
	if h == nil {
		panic("offheap: a key is set in a nil Map")
	}
	size := slotSize[K, V]()
	for {
		t := h.link(hash).table()
		g, i := t.notFull(hash, size)
		if g.control(i) != ctrlDeleted {
			if t.left == 0 {
				if err := m.grow(hash); err != nil {
					return nil, err
				}
				continue
			}
			t.left--
		}
		g.mark(i, hash7(hash))
		t.used++
		h.len++
		slot := g.slot(i, size)
		*slotKey[K](slot) = k
		return slotValue[K, V](slot), nil
	}
}

// notFull is the first slot on the way of a hash that has no entry. Every table
// has one.
func (t *mapTable) notFull(hash uint64, size uintptr) (*mapGroup, uint32) {
	n := firstGroup(hash, t.groups1)
	for step := uint32(1); ; step++ {
		g := t.group(n, size)
		if free := matchNotFull(g.ctrl); free != 0 {
			return g, firstMatch(free)
		}
		n = (n + step) & t.groups1
	}
}

// newTable returns an empty table.
func (m Map[K, V]) newTable(slots uint32, depth uint8) (*mapTable, error) {
	slot := slotSize[K, V]()
	size, err := tableSize(slots, slot)
	if err != nil {
		return nil, err
	}
	p, err := m.a.AllocUninit(size)
	if err != nil {
		return nil, err
	}
	m.h.bytes += size
	t := (*mapTable)(p)
	*t = mapTable{left: room(slots), groups1: slots/groupSlots - 1, depth: depth}
	for n := range slots / groupSlots {
		t.group(n, slot).ctrl = emptyGroup
	}
	return t, nil
}

// tableSize is the bytes of a table: a multiple of 8, so that they are aligned.
func tableSize(slots uint32, slot uintptr) (uintptr, error) {
	if slot > math.MaxInt/2/uintptr(slots) {
		return 0, &oomError{size: math.MaxInt, cause: errTooLarge}
	}
	return tableHeader + uintptr(slots/groupSlots)*groupSize(slot), nil
}

func (m Map[K, V]) freeTable(t *mapTable) {
	size, _ := tableSize(t.slots(), slotSize[K, V]())
	m.h.bytes -= size
	m.a.Free(unsafe.Pointer(t), size)
}

// drop frees a table that no link leads to, or retires it if there are
// iterations.
func (m Map[K, V]) drop(t *mapTable) {
	h := m.h
	if t == &emptyTable.mapTable {
		return
	}
	if h.iterators == 0 {
		m.freeTable(t)
		return
	}
	t.retired = true
	t.next = h.retired
	h.retired = uintptr(unsafe.Pointer(t))
}

// freeRetired frees what drop kept.
func (m Map[K, V]) freeRetired() {
	for m.h.retired != 0 {
		t := tableAt(&m.h.retired)
		m.h.retired = t.next
		m.freeTable(t)
	}
}

// freeLink frees all that a link leads to, which is above bits of the hash deep.
func (m Map[K, V]) freeLink(l *mapLink, above uint8) {
	if l.bits == 0 {
		m.drop(l.table())
		return
	}
	for c := range l.each(above) {
		m.freeLink(c, above+l.bits)
	}
	m.freeDir(l.addr, l.bits)
}

// each goes over what a directory leads to: to each table by its first link
// only.
func (l *mapLink) each(above uint8) iter.Seq[*mapLink] {
	return func(yield func(*mapLink) bool) {
		links := l.links()
		for i := 0; i < len(links); {
			c, next := &links[i], 1
			if c.bits == 0 {
				next = 1 << (above + l.bits - c.table().depth)
			}
			if !yield(c) {
				return
			}
			i += next
		}
	}
}

func (l *mapLink) stats(s *MapStats, above uint8) {
	if l.bits != 0 {
		s.Directories++
		for c := range l.each(above) {
			c.stats(s, above+l.bits)
		}
		return
	}
	if l.isEmpty() {
		return
	}
	t := l.table()
	s.Tables++
	s.Slots += int(t.slots())
	s.Deleted += int(room(t.slots()) - t.used - t.left)
}
