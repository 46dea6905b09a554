package store

// goEntries is entries on Go's heap.
type goEntries struct {
	m     map[string]*goEntry
	list  goEntry // of all entries: next is the one used last, prev the one used longest ago
	hand  *goEntry
	bytes int64
	limit int64

	evicted, expired uint64
}

type goEntry struct {
	key        string
	value      []byte
	expires    int64
	prev, next *goEntry
}

// goOverhead is the bytes of an entry besides its key and value, about: the
// goEntry, and its slot in a map that is filled to three quarters.
const goOverhead = 64 + 32

func newGoEntries(limit int64) *goEntries {
	s := &goEntries{limit: limit}
	s.clear()
	return s
}

func (e *goEntry) bytes() int64 { return int64(len(e.key) + cap(e.value) + goOverhead) }

// find returns the key's entry, or nil. It removes one that has expired.
func (s *goEntries) find(key []byte, now int64) *goEntry {
	e := s.m[string(key)]
	if e != nil && e.expires != 0 && e.expires <= now {
		s.expired++
		s.remove(e)
		return nil
	}
	return e
}

func (s *goEntries) get(dst, key []byte, _ uint64, now int64) ([]byte, bool) {
	e := s.find(key, now)
	if e == nil {
		return dst, false
	}
	s.unlink(e)
	s.link(e)
	return append(dst, e.value...), true
}

func (s *goEntries) set(key, value []byte, _ uint64, expires int64) error {
	e := s.m[string(key)]
	if s.limit > 0 && int64(len(key)+len(value)+goOverhead) > s.limit {
		if e != nil {
			s.remove(e)
		}
		return ErrNoRoom
	}
	if e == nil {
		e = &goEntry{key: string(key)}
		s.m[e.key] = e
	} else {
		s.unlink(e)
		s.bytes -= e.bytes()
	}
	if n := capacity(cap(e.value), len(value)); n != cap(e.value) {
		e.value = make([]byte, 0, n)
	}
	e.value = append(e.value[:0], value...)
	e.expires = expires
	s.link(e)
	s.bytes += e.bytes()
	if s.limit > 0 {
		s.evictTo(s.limit)
	}
	return nil
}

func (s *goEntries) evict(share int64) { s.evictTo(s.bytes - s.bytes/share) }

// evictTo evicts until there are at most so many bytes.
func (s *goEntries) evictTo(bytes int64) {
	for s.bytes > bytes {
		s.evicted++
		s.remove(s.list.prev)
	}
}

func (s *goEntries) delete(key []byte, _ uint64, now int64) bool {
	e := s.find(key, now)
	if e != nil {
		s.remove(e)
	}
	return e != nil
}

func (s *goEntries) deadline(key []byte, _ uint64, now int64) *int64 {
	if e := s.find(key, now); e != nil {
		return &e.expires
	}
	return nil
}

func (s *goEntries) sweep(n int, now int64) {
	for range min(n, len(s.m)) {
		if s.hand == &s.list {
			s.hand = s.list.prev
		}
		e := s.hand
		s.hand = e.prev
		if e.expires != 0 && e.expires <= now {
			s.expired++
			s.remove(e)
		}
	}
}

func (s *goEntries) counts(stats *Stats) {
	stats.Entries += len(s.m)
	stats.Bytes += s.bytes
	stats.Evicted += s.evicted
	stats.Expired += s.expired
}

func (s *goEntries) free() { s.clear() }

func (s *goEntries) clear() {
	s.m = map[string]*goEntry{}
	s.list.prev, s.list.next = &s.list, &s.list
	s.hand = &s.list
	s.bytes = 0
}

// remove removes an entry.
func (s *goEntries) remove(e *goEntry) {
	s.unlink(e)
	delete(s.m, e.key)
	s.bytes -= e.bytes()
}

// unlink takes an entry out of the list.
func (s *goEntries) unlink(e *goEntry) {
	if s.hand == e {
		s.hand = e.prev
	}
	e.prev.next, e.next.prev = e.next, e.prev
}

// link puts an entry in the list as the one used last.
func (s *goEntries) link(e *goEntry) {
	e.prev, e.next = &s.list, s.list.next
	e.prev.next, e.next.prev = e, e
}
