// Package store is the cache itself: keys with values, some of which expire, and
// of which those go that were not used for longest when there is no more room.
//
//	Cache      shards, each with a lock; a key's hash chooses the shard
//	shard      entries of one of two kinds, which do the same:
//	goheap.go    map[string]*goEntry, as one would write it in Go
//	offheap.go   offheap.Map and entries off the heap
//
// The least recently used go first, by a list in each shard. What has expired
// goes when it is asked for, or when [Cache.Sweep] comes by.
package store

import (
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"github.com/stackward-go/stackward/offheap"
)

// ErrNoRoom is the error of a Set for which no room could be made. The key then
// has no value, as in memcached.
var ErrNoRoom = errors.New("no room for the entry")

// Config is how a Cache is to be.
type Config struct {
	Storage string // one of Storages
	Shards  int    // 0 is 64
	Limit   int64  // bytes of all entries; 0 is no limit

	// Now is the clock, in nanoseconds; nil is the system's.
	Now func() int64

	// hash of keys, for tests; nil is a random one.
	hash func(key []byte) uint64
}

// Storages is the names of the storages.
var Storages = []string{"go", "offheap"}

// Stats is counts of a Cache.
type Stats struct {
	Entries          int
	Bytes            int64 // of the entries, an estimate of what the storage adds included
	Limit            int64
	Hits, Misses     uint64 // of Get
	Evicted, Expired uint64
}

// A Cache may be used by any number of goroutines.
type Cache struct {
	shards []shard
	limit  int64
	now    func() int64
	hash   func(key []byte) uint64
	heap   *offheap.Heap // nil for Go's
}

// A shard has the keys with some hashes.
type shard struct {
	mu           sync.Mutex
	entries      entries
	hits, misses uint64
	_            [64]byte // so that no two locks share a cache line
}

// entries is what a storage is. Its methods are called under the shard's lock.
// Those that have a now treat what has expired by then as not there.
type entries interface {
	// get appends the key's value to dst.
	get(dst, key []byte, hash uint64, now int64) ([]byte, bool)
	// set gives the key a value until expires, or for good if that is 0. After an
	// error the key has none.
	set(key, value []byte, hash uint64, expires int64) error
	delete(key []byte, hash uint64, now int64) bool
	// deadline is where the key's time to expire is kept; nil if there is no
	// such key. It is valid until the next call.
	deadline(key []byte, hash uint64, now int64) *int64
	// sweep looks at n entries and removes those that have expired.
	sweep(n int, now int64)
	// evict evicts one in share of all bytes, at least.
	evict(share int64)
	// counts adds to stats.
	counts(stats *Stats)
	// clear removes all.
	clear()
	// free is clear, and frees what else there is.
	free()
}

// New returns an empty Cache.
func New(config Config) (*Cache, error) {
	c := &Cache{limit: config.Limit, now: config.Now, hash: config.hash}
	if config.Shards == 0 {
		config.Shards = 64
	}
	if c.now == nil {
		c.now = func() int64 { return time.Now().UnixNano() }
	}
	if c.hash == nil {
		seed := maphash.MakeSeed()
		c.hash = func(key []byte) uint64 { return maphash.Bytes(seed, key) }
	}
	c.shards = make([]shard, config.Shards)
	limit := config.Limit / int64(config.Shards)
	if config.Limit > 0 {
		limit = max(limit, 1)
	}
	switch config.Storage {
	case "go":
		for i := range c.shards {
			c.shards[i].entries = newGoEntries(limit)
		}
	case "offheap":
		c.heap = offheap.NewHeap(offheap.Config{Limit: config.Limit, ReportLeaks: true})
		for i := range c.shards {
			e, err := newOffEntries(c.heap, limit, c.hash)
			if err != nil {
				return nil, errors.Join(fmt.Errorf("shard %d of %d: %w", i+1, config.Shards, err), c.heap.Close())
			}
			c.shards[i].entries = e
		}
	default:
		return nil, fmt.Errorf("unknown storage %q; there are %q", config.Storage, Storages)
	}
	return c, nil
}

// Heap is where the entries are, or nil where that is Go's heap.
func (c *Cache) Heap() *offheap.Heap { return c.heap }

// lock locks the key's shard.
func (c *Cache) lock(key []byte) (*shard, uint64) {
	hash := c.hash(key)
	s := &c.shards[hash>>32%uint64(len(c.shards))]
	s.mu.Lock()
	return s, hash
}

// Get appends the key's value to dst, and reports whether there is one.
func (c *Cache) Get(dst, key []byte) ([]byte, bool) {
	now := c.now()
	s, hash := c.lock(key)
	defer s.mu.Unlock()
	dst, ok := s.entries.get(dst, key, hash, now)
	if ok {
		s.hits++
	} else {
		s.misses++
	}
	return dst, ok
}

// Set gives the key a value, which expires after ttl, or never if that is 0. Where
// there is no room, others go. The error wraps [ErrNoRoom] where that does not do.
func (c *Cache) Set(key, value []byte, ttl time.Duration) error {
	expires := int64(0)
	if ttl > 0 {
		expires = c.now() + int64(ttl)
	}
	for share := int64(32); ; share /= 2 {
		s, hash := c.lock(key)
		err := s.entries.set(key, value, hash, expires)
		s.mu.Unlock()
		if !errors.Is(err, offheap.ErrOutOfMemory) {
			return err
		}
		if share == 0 {
			return fmt.Errorf("%w: %w", ErrNoRoom, err)
		}
		c.evict(share)
	}
}

// evict evicts one in share of the bytes of each shard. It is for where the heap
// has no memory, though the entries are not over their limit: what they cost is
// an estimate, and what one shard frees may be of another size. What is oldest
// in all shards was allocated at the same time, so it lies together, and whole
// pages become free.
func (c *Cache) evict(share int64) {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.entries.evict(share)
		s.mu.Unlock()
	}
}

// Delete removes the key, and reports whether it was there.
func (c *Cache) Delete(key []byte) bool {
	now := c.now()
	s, hash := c.lock(key)
	defer s.mu.Unlock()
	return s.entries.delete(key, hash, now)
}

// Expire makes the key expire after ttl, and reports whether it is there. A ttl
// that is not above 0 removes it.
func (c *Cache) Expire(key []byte, ttl time.Duration) bool {
	now := c.now()
	s, hash := c.lock(key)
	defer s.mu.Unlock()
	if ttl <= 0 {
		return s.entries.delete(key, hash, now)
	}
	deadline := s.entries.deadline(key, hash, now)
	if deadline != nil {
		*deadline = now + int64(ttl)
	}
	return deadline != nil
}

// Persist makes a key that would expire one that does not, and reports whether
// there was one.
func (c *Cache) Persist(key []byte) bool {
	now := c.now()
	s, hash := c.lock(key)
	defer s.mu.Unlock()
	deadline := s.entries.deadline(key, hash, now)
	if deadline == nil || *deadline == 0 {
		return false
	}
	*deadline = 0
	return true
}

// TTL is how long the key has left, 0 if for ever. It reports whether the key is
// there.
func (c *Cache) TTL(key []byte) (ttl time.Duration, ok bool) {
	now := c.now()
	s, hash := c.lock(key)
	defer s.mu.Unlock()
	deadline := s.entries.deadline(key, hash, now)
	if deadline == nil || *deadline == 0 {
		return 0, deadline != nil
	}
	return time.Duration(*deadline - now), true
}

// Sweep looks at up to n entries of each shard, others than the last time, and
// removes those that have expired.
func (c *Cache) Sweep(n int) {
	now := c.now()
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.entries.sweep(n, now)
		s.mu.Unlock()
	}
}

// Clear removes all entries. Their memory goes back to the system, or where it is
// Go's, when the collector sees to it.
func (c *Cache) Clear() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.entries.clear()
		s.mu.Unlock()
	}
	if c.heap != nil {
		c.heap.Trim()
	}
}

// Stats counts what the cache has.
func (c *Cache) Stats() Stats {
	stats := Stats{Limit: c.limit}
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		s.entries.counts(&stats)
		stats.Hits += s.hits
		stats.Misses += s.misses
		s.mu.Unlock()
	}
	return stats
}

// Close frees the memory. The cache must not be used afterwards.
func (c *Cache) Close() error {
	for i := range c.shards {
		c.shards[i].entries.free()
	}
	if c.heap == nil {
		return nil
	}
	return c.heap.Close()
}

// capacity is the room that a value of n bytes is given, of which there was room
// for old: the same if not much of it would be empty.
func capacity(old, n int) int {
	if n <= old && old <= 2*n+64 {
		return old
	}
	return n
}
