package offheap

import (
	"iter"
	"unsafe"
)

// Maps.
//
// A map is a Swiss table, as Go's own map is since Go 1.24 (see
// internal/runtime/maps/map.go of the runtime), made for memory that nobody
// collects.
//
// # Structure
//
//	slot       a key and its value
//	group      8 slots, and a control word of a byte for each: empty, deleted,
//	           or full and 7 bits of the hash
//	table      a power of two of groups: a header, all control words, all
//	           slots, in one object. It has at most maxSlots slots.
//	directory  2^bits links to tables, chosen by the topmost bits of the hash
//	header     the seed, the counts, and the link to the one table or the
//	           directory. A Map is an Allocator and the header's address.
//
// The control words of a table lie together, so that looking for a key that is
// not there reads one cache line and no slot, and going over all entries reads
// no slot that is not full.
//
// A table has a depth: how many of the topmost bits of the hash all its keys have
// in common. In a directory that is deeper the table has several links, 2 for
// each bit. A directory has at most 2^maxBits links; where that does not do, a
// link leads to another directory, which is chosen from by the bits that come
// next:
//
//	header --> directory (2 bits)
//	           00 --> table (depth 1: all keys whose hash begins with 0)
//	           01 --> the same
//	           10 --> table (depth 2)
//	           11 --> directory (1 bit)
//	                  0 --> table (depth 3: hashes that begin with 110)
//	                  1 --> table (depth 3)
//
// # Looking up
//
//  1. The topmost bits of the key's hash give the link, and so the table.
//  2. The bits from the 8th give the first group. Of its control word the slots
//     with the same lowest 7 bits of the hash are found in a few instructions,
//     all 8 at once; their keys are compared.
//  3. If the group has an empty slot, the key is not in the map. Else the next
//     group is looked at, in steps of 1, 2, 3, ... groups, which visits all.
//
// # Growing
//
// An eighth of a table's slots stay empty, so that looking up ends. A new key in
// a table that has no more slots to fill makes it
//
//   - be put in order in place, if at least a quarter of what it can hold is
//     deleted slots,
//   - or be replaced by one of twice the size, below maxSlots slots,
//   - or be split into two tables, by one more bit of the hash. If the directory
//     has no link for each of them, it doubles first, or gets another below it.
//
// So no insert moves more than the entries of one table, nor more links than one
// directory has. There are two exceptions. All entries of a full table may have
// the same next bit, of which the chance is 1 in 2^55 at most: then the table
// grows beyond maxSlots. And values of several kilobytes make large tables,
// which have 64 slots anyway; they should be a [Ptr].
//
// All memory is had before anything is changed. If there is none, and the table
// has deleted slots, then it is put in order in place however few they are; else
// the insert fails, and the map is as it was.
//
// # Deleting
//
// A deleted slot becomes empty if its group has an empty slot: then no look-up
// ever went past the group. Else it is marked as deleted, and a later insert
// that comes by takes it.
//
// A table with less than an eighth of its slots in use is joined with its
// buddy, the other half of what once was split, if both together would fill half
// a table; or else it is replaced by a smaller one. A directory none of whose
// links is alone halves, or gives way to its only table. So a map that becomes
// small has little memory. Deleting never fails: without memory for a smaller
// table the large one stays.
//
// # Iterating
//
// All goes through the tables by hash, and through each from slot to slot. While
// it does, nothing is put in order in place, and tables are not joined. A table
// that is split or replaced is retired: its contents stay as they were until all
// iterations have left it. An iteration stays in a retired table, but looks
// each of its keys up in the map, for the value, and whether it is still there.
// When an iteration leaves a table in which something was deleted, the table
// is made smaller, or joined with a buddy that was visited, too.
//
// # Invariants
//
//   - A table's entries all have hashes that begin with the table's prefix; its
//     links are all links with that prefix, and no others.
//   - used + left + deleted slots = slots * 7/8.
//   - A key is in the first group with room on its way, or in one before it; no
//     group before the key's has an empty slot.
//   - In mapLink.n of a directory is the number of links that share what they
//     lead to with no other.
//   - Addresses off the heap are uintptrs to the compiler, so no write barrier
//     sees them.

// A Map maps keys to values, with all memory off the Go heap: however many
// entries, the collector has nothing to do. A Map value is a reference, as that
// of Go's map type is: copies are the same map. The zero Map is like a nil map:
// it is empty and cannot be added to.
//
// No insert takes long because the map is large: a map grows one small table
// at a time.
//
// A map is not to be changed while another goroutine uses it. Any number of
// goroutines may read it at once, iterate over it included.
//
// Keys are equal if == says so. As in Go's map, a key that is not equal to
// itself, such as NaN, is added each time and never found.
type Map[K comparable, V any] struct {
	a Allocator
	h *mapHeader
}

// NewMap returns an empty map with memory of a. It is freed with [Map.Free]. K
// and V must have no Go pointers, or NewMap panics; see [CheckType], [Interner]
// for keys that are text, and [Ptr], [Slice] and [MapRef] for what a value can
// have instead. Values of more than a kilobyte are better a Ptr.
//
// With an [Arena] for an Allocator, memory that the map no longer needs comes
// back with the arena only: with growth that is as much again as the map has.
func NewMap[K comparable, V any](a Allocator) (Map[K, V], error) {
	mustPointerFree[K]()
	mustPointerFree[V]()
	h, err := NewUninit[mapHeader](a)
	if err != nil {
		return Map[K, V]{}, err
	}
	h.init(plainMemory[K](), slotSize[K, V]())
	return Map[K, V]{a, h}, nil
}

// NewMapSize is [NewMap] with memory for n entries, as in make(map[K]V, n). Until
// there are more, inserts move entries only by the odd chance, and fail only
// then. Deleting entries gives memory back, this too. The hint is taken as far as
// it goes: a map with one that was too small grows, and n below 1 is none.
func NewMapSize[K comparable, V any](a Allocator, n int) (Map[K, V], error) {
	m, err := NewMap[K, V](a)
	if err != nil {
		return m, err
	}
	if err := m.reserve(n); err != nil {
		m.Free()
		return Map[K, V]{}, err
	}
	return m, nil
}

// Free frees the map. It must not be used afterwards, nor any copy. Freeing the
// zero Map is fine. Free panics while there is an iteration over the map.
func (m Map[K, V]) Free() {
	if m.h == nil {
		return
	}
	if m.h.iterators != 0 {
		panic("offheap: Map.Free while iterating over the map")
	}
	m.Clear()
	Free(m.a, m.h)
}

// Len returns the number of entries.
func (m Map[K, V]) Len() int {
	if m.h == nil {
		return 0
	}
	return m.h.len
}

// Get returns the value of k, and whether there is one.
func (m Map[K, V]) Get(k K) (v V, ok bool) {
	if p := m.At(k); p != nil {
		return *p, true
	}
	return v, false
}

// At returns where the value of k is, for reading a part of it or changing it in
// place; nil if there is none. It is valid until the next Set or Upsert of a key
// that is not in the map, Delete, Clear or Free.
func (m Map[K, V]) At(k K) *V {
	p, _ := find[K, V](m.h, k)
	return p
}

// Set gives k the value v. An error, which wraps [ErrOutOfMemory], means that
// the map had no memory for another key; then it is as before. Setting a key
// that is in the map never fails.
func (m Map[K, V]) Set(k K, v V) (err error) {
	// As little as the compiler inlines, so that v is copied once; a result
	// without a name would make it too much.
	p, err := m.valueFor(k)
	if p != nil {
		*p = v
	}
	return
}

// Upsert returns where the value of k is, as [Map.At] does, and whether there
// was one. If not, it adds one that is zero. Errors are those of Set.
func (m Map[K, V]) Upsert(k K) (p *V, found bool, err error) {
	p, hash := find[K, V](m.h, k)
	if p != nil {
		return p, true, nil
	}
	if p, err = m.insert(k, hash); err == nil {
		*p = *new(V)
	}
	return p, false, err
}

// Delete deletes k, and reports whether it was in the map.
func (m Map[K, V]) Delete(k K) bool {
	p, hash := find[K, V](m.h, k)
	if p == nil {
		return false
	}
	h := m.h
	t := h.link(hash).table()
	t.delete(slotOf[K](p), slotSize[K, V]())
	h.len--
	h.deletes++
	if t.used < t.slots()/8 && h.iterators == 0 {
		m.compact(hash, 0, 0)
	}
	return true
}

// Clear deletes all entries and frees their memory.
func (m Map[K, V]) Clear() {
	h := m.h
	if h == nil || h.root.isEmpty() {
		return
	}
	m.freeLink(&h.root, 0)
	h.root = emptyLink()
	h.len = 0
	h.clears++
}

// All iterates over the entries, as range does over a map. The order is random
// and is another one each time.
//
// The map may be changed meanwhile. Each entry that is there from the beginning
// to the end comes exactly once, with the value that it has then. An entry that
// is deleted before it came does not come. A key that is added, for the first
// time or again after it was deleted, comes once more or not at all. After
// Clear nothing comes any more.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		m.iterate(func(k K, v *V) bool { return yield(k, *v) })
	}
}

// Pointers is [Map.All] with pointers to the values. They are valid as those of
// [Map.At] are.
func (m Map[K, V]) Pointers() iter.Seq2[K, *V] { return m.iterate }

// A MapRef is a reference to a map that may be stored off the Go heap, such as
// in another map. The zero MapRef is that of the zero Map.
type MapRef[K comparable, V any] struct{ header Ptr[mapHeader] }

// Ref returns a reference to the map. It is valid until the map is freed.
func (m Map[K, V]) Ref() MapRef[K, V] { return MapRef[K, V]{PtrTo(m.h)} }

// Map returns the map, which gets its memory from a: the Allocator that it was
// made with, or another of the same heap.
func (r MapRef[K, V]) Map(a Allocator) Map[K, V] { return Map[K, V]{a, r.header.Get()} }

// MapStats is what a map has.
type MapStats struct {
	Entries     int
	Tables      int
	Directories int
	Slots       int    // of all tables
	Deleted     int    // slots that had an entry, and are to be used again
	Retired     int    // tables kept for iterations
	Bytes       int    // of memory, that of the allocator's rounding not counted
	Moved       uint64 // entries that growing and shrinking moved, ever
}

// Stats goes over the tables of the map.
func (m Map[K, V]) Stats() MapStats {
	if m.h == nil {
		return MapStats{}
	}
	h := m.h
	s := MapStats{Entries: h.len, Bytes: m.MemoryUsed(), Moved: h.moved}
	h.root.stats(&s, 0)
	for t := tableAt(&h.retired); t != nil; t = tableAt(&t.next) {
		s.Retired++
	}
	return s
}

// MemoryUsed is the bytes that the map has of its allocator.
func (m Map[K, V]) MemoryUsed() int {
	if m.h == nil {
		return 0
	}
	return int(m.h.bytes + unsafe.Sizeof(*m.h))
}
