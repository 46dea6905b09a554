package store

import (
	"unsafe"

	"github.com/stackward-go/stackward/offheap"
)

// offEntries is entries off the heap. The map leads from a key's hash to an
// entry, and that to the next with the same hash, of which there is hardly ever
// one.
type offEntries struct {
	heap  *offheap.Heap
	m     offheap.Map[uint64, offheap.Ptr[offEntry]]
	list  *offEntry // of all entries: next is the one used last, prev the one used longest ago
	hand  *offEntry
	len   int
	bytes int64
	limit int64
	hash  func(key []byte) uint64

	evicted, expired uint64
}

// An offEntry is followed by its key and value, in the same object. The value has
// what is left of the object.
type offEntry struct {
	prev, next offheap.Ptr[offEntry]
	chain      offheap.Ptr[offEntry] // the next one with the same hash
	expires    int64
	keyLen     uint32
	valueLen   uint32
	valueCap   uint32
}

const offEntrySize = unsafe.Sizeof(offEntry{})

// offOverhead is the bytes of an entry that it did not ask for, about: its slot
// in a map that is filled to two thirds, and what rounding to size classes costs.
const offOverhead = 26 + 16

func newOffEntries(heap *offheap.Heap, limit int64, hash func([]byte) uint64) (*offEntries, error) {
	m, err := offheap.NewMap[uint64, offheap.Ptr[offEntry]](heap)
	if err != nil {
		return nil, err
	}
	list, err := offheap.New[offEntry](heap)
	if err != nil {
		m.Free()
		return nil, err
	}
	s := &offEntries{heap: heap, m: m, list: list, hand: list, limit: limit, hash: hash}
	list.prev, list.next = offheap.PtrTo(list), offheap.PtrTo(list)
	return s, nil
}

// size is the bytes of the entry's object.
func (e *offEntry) size() uintptr { return offEntrySize + uintptr(e.keyLen) + uintptr(e.valueCap) }

// bytes is what the entry counts for.
func (e *offEntry) bytes() int64 { return int64(e.size() + offOverhead) }

func (e *offEntry) key() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(e), offEntrySize)), e.keyLen)
}

// value is the value, with its capacity.
func (e *offEntry) value() []byte {
	p := (*byte)(unsafe.Add(unsafe.Pointer(e), offEntrySize+uintptr(e.keyLen)))
	return unsafe.Slice(p, e.valueCap)[:e.valueLen]
}

// lookUp returns the key's entry, or nil.
func (s *offEntries) lookUp(key []byte, hash uint64) *offEntry {
	first, _ := s.m.Get(hash)
	for e := first.Get(); e != nil; e = e.chain.Get() {
		if string(e.key()) == string(key) {
			return e
		}
	}
	return nil
}

// find is lookUp that removes an entry that has expired.
func (s *offEntries) find(key []byte, hash uint64, now int64) *offEntry {
	e := s.lookUp(key, hash)
	if e != nil && e.expires != 0 && e.expires <= now {
		s.expired++
		s.remove(e, hash)
		return nil
	}
	return e
}

func (s *offEntries) get(dst, key []byte, hash uint64, now int64) ([]byte, bool) {
	e := s.find(key, hash, now)
	if e == nil {
		return dst, false
	}
	s.unlink(e)
	s.link(e)
	return append(dst, e.value()...), true
}

func (s *offEntries) set(key, value []byte, hash uint64, expires int64) error {
	if e := s.lookUp(key, hash); e != nil {
		if capacity(int(e.valueCap), len(value)) == int(e.valueCap) {
			e.valueLen = uint32(len(value))
			copy(e.value(), value)
			e.expires = expires
			s.unlink(e)
			s.link(e)
			return nil
		}
		s.remove(e, hash)
	}
	size := (offEntrySize + uintptr(len(key)) + uintptr(len(value)) + 7) &^ 7 // so that it is aligned
	if s.limit > 0 && int64(size+offOverhead) > s.limit {
		return ErrNoRoom
	}
	if s.limit > 0 {
		s.evictTo(s.limit - int64(size+offOverhead))
	}
	e, err := s.insert(hash, size)
	if err != nil {
		return err
	}
	e.expires = expires
	e.keyLen, e.valueLen = uint32(len(key)), uint32(len(value))
	e.valueCap = uint32(size-offEntrySize) - e.keyLen
	copy(e.key(), key)
	copy(e.value(), value)
	s.link(e)
	s.len++
	s.bytes += e.bytes()
	return nil
}

// insert makes an entry of size bytes and puts it in the map. The caller sets it
// and links it.
func (s *offEntries) insert(hash uint64, size uintptr) (*offEntry, error) {
	p, err := s.heap.AllocUninit(size)
	if err != nil {
		return nil, err
	}
	e := (*offEntry)(p)
	first, _, err := s.m.Upsert(hash)
	if err != nil {
		s.heap.Free(p, size)
		return nil, err
	}
	e.chain = *first
	*first = offheap.PtrTo(e)
	return e, nil
}

func (s *offEntries) delete(key []byte, hash uint64, now int64) bool {
	e := s.find(key, hash, now)
	if e != nil {
		s.remove(e, hash)
	}
	return e != nil
}

func (s *offEntries) deadline(key []byte, hash uint64, now int64) *int64 {
	if e := s.find(key, hash, now); e != nil {
		return &e.expires
	}
	return nil
}

func (s *offEntries) sweep(n int, now int64) {
	for range min(n, s.len) {
		if s.hand == s.list {
			s.hand = s.list.prev.Get()
		}
		e := s.hand
		s.hand = e.prev.Get()
		if e.expires != 0 && e.expires <= now {
			s.expired++
			s.remove(e, s.hash(e.key()))
		}
	}
}

func (s *offEntries) counts(stats *Stats) {
	stats.Entries += s.len
	stats.Bytes += s.bytes
	stats.Evicted += s.evicted
	stats.Expired += s.expired
}

func (s *offEntries) free() {
	s.clear()
	s.m.Free()
	offheap.Free(s.heap, s.list)
}

func (s *offEntries) clear() {
	for e := s.list.next.Get(); e != s.list; {
		next := e.next.Get()
		s.heap.Free(unsafe.Pointer(e), e.size())
		e = next
	}
	s.m.Clear()
	s.list.prev, s.list.next = offheap.PtrTo(s.list), offheap.PtrTo(s.list)
	s.hand = s.list
	s.len, s.bytes = 0, 0
}

func (s *offEntries) evict(share int64) { s.evictTo(s.bytes - s.bytes/share) }

// evictTo evicts until there are at most so many bytes.
func (s *offEntries) evictTo(bytes int64) {
	for s.bytes > bytes {
		e := s.list.prev.Get()
		s.evicted++
		s.remove(e, s.hash(e.key()))
	}
}

// remove removes an entry and frees it.
func (s *offEntries) remove(e *offEntry, hash uint64) {
	s.unlink(e)
	first := s.m.At(hash)
	if first.Get() == e && e.chain.IsNil() {
		s.m.Delete(hash)
	} else {
		link := first
		for link.Get() != e {
			link = &link.Get().chain
		}
		*link = e.chain
	}
	s.len--
	s.bytes -= e.bytes()
	s.heap.Free(unsafe.Pointer(e), e.size())
}

// unlink takes an entry out of the list.
func (s *offEntries) unlink(e *offEntry) {
	if s.hand == e {
		s.hand = e.prev.Get()
	}
	e.prev.Get().next, e.next.Get().prev = e.next, e.prev
}

// link puts an entry in the list as the one used last.
func (s *offEntries) link(e *offEntry) {
	e.prev, e.next = offheap.PtrTo(s.list), s.list.next
	e.next.Get().prev = offheap.PtrTo(e)
	s.list.next = offheap.PtrTo(e)
}
