package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap"
)

// each runs a test for every storage.
func each(t *testing.T, test func(t *testing.T, storage string)) {
	for _, storage := range Storages {
		t.Run(storage, func(t *testing.T) { test(t, storage) })
	}
}

func newCache(t *testing.T, config Config) *Cache {
	t.Helper()
	c, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// A model is what a Cache without a limit does, said in the plainest way.
type model map[string]modelEntry

type modelEntry struct {
	value   string
	expires int64
}

func (m model) find(key string, now int64) (modelEntry, bool) {
	e, ok := m[key]
	if ok && e.expires != 0 && e.expires <= now {
		delete(m, key)
		return e, false
	}
	return e, ok
}

// TestModel does what chance says to a Cache and to a model, and compares. Few
// keys, few shards and a bad hash make much happen to each.
func TestModel(t *testing.T) {
	hashes := map[string]func([]byte) uint64{
		"hash":     nil,
		"bad hash": func(key []byte) uint64 { return uint64(key[0]&1)<<32 | uint64(key[len(key)-1]&3) },
	}
	each(t, func(t *testing.T, storage string) {
		for name, hash := range hashes {
			t.Run(name, func(t *testing.T) { testModel(t, storage, hash) })
		}
	})
}

func testModel(t *testing.T, storage string, hash func([]byte) uint64) {
	steps := 200_000
	if testing.Short() {
		steps = 20_000
	}
	seed := uint64(time.Now().UnixNano())
	defer func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	}()
	rng := rand.New(rand.NewPCG(seed, 1))
	now := int64(1)
	c := newCache(t, Config{Storage: storage, Shards: 2, Now: func() int64 { return now }, hash: hash})
	m := model{}
	for step := range steps {
		now += rng.Int64N(5)
		key := fmt.Sprint(rng.IntN(100))
		ttl := time.Duration(rng.IntN(2) * (1 + rng.IntN(500)))
		want, found := m.find(key, now)
		what := rng.IntN(100)
		switch {
		case what < 40:
			got, ok := c.Get([]byte("x"), []byte(key))
			if ok != found || ok && string(got) != "x"+want.value {
				t.Fatalf("step %d: Get(%q) is %.20q, %t; want %.20q, %t", step, key, got, ok, want.value, found)
			}
		case what < 80:
			value := bytes.Repeat([]byte{byte(step)}, rng.IntN(1<<rng.IntN(12)))
			if err := c.Set([]byte(key), value, ttl); err != nil {
				t.Fatal(err)
			}
			m[key] = modelEntry{string(value), expiry(now, ttl)}
		case what < 90:
			if ok := c.Delete([]byte(key)); ok != found {
				t.Fatalf("step %d: Delete(%q) is %t; want %t", step, key, ok, found)
			}
			delete(m, key)
		case what < 94:
			if ok := c.Expire([]byte(key), ttl); ok != found {
				t.Fatalf("step %d: Expire(%q, %v) is %t; want %t", step, key, ttl, ok, found)
			}
			if ttl == 0 {
				delete(m, key)
			} else if found {
				m[key] = modelEntry{want.value, expiry(now, ttl)}
			}
		case what < 98:
			got, ok := c.TTL([]byte(key))
			if ok != found || ok && expiry(now, got) != want.expires {
				t.Fatalf("step %d: TTL(%q) is %v, %t; want until %d, %t", step, key, got, ok, want.expires, found)
			}
		default:
			c.Sweep(rng.IntN(20))
		}
		if step == steps/2 {
			c.Clear()
			clear(m)
		}
	}
	c.Sweep(len(m)) // at most all
	for key := range m {
		m.find(key, now)
	}
	for range 2 { // the sweep may begin in the middle
		c.Sweep(100)
	}
	if got := c.Stats(); got.Entries != len(m) || got.Evicted != 0 || got.Expired == 0 {
		t.Errorf("after sweeps of everything %+v; want %d entries", got, len(m))
	}
}

func expiry(now int64, ttl time.Duration) int64 {
	if ttl == 0 {
		return 0
	}
	return now + int64(ttl)
}

func TestLeaks(t *testing.T) {
	c := newCache(t, Config{Storage: "offheap", Shards: 4})
	empty := c.Heap().Stats()
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 3 {
		for i := range 10_000 {
			key := fmt.Appendf(nil, "key %d", rng.IntN(5000))
			if err := c.Set(key, make([]byte, rng.IntN(300)), time.Duration(i%2)); err != nil {
				t.Fatal(err)
			}
		}
		if got := c.Heap().Stats(); got.Objects < empty.Objects+uint64(c.Stats().Entries) {
			t.Fatalf("%d objects for %d entries", got.Objects, c.Stats().Entries)
		}
		if round == 2 {
			c.Clear()
		}
		for i := range 5000 {
			c.Delete(fmt.Appendf(nil, "key %d", i))
		}
		if got := c.Stats(); got.Entries != 0 || got.Bytes != 0 {
			t.Fatalf("round %d: %d entries of %d bytes after deleting all", round, got.Entries, got.Bytes)
		}
	}
	c.Clear() // an empty map keeps a table
	got := c.Heap().Stats()
	if got.Objects != empty.Objects || got.Requested != empty.Requested {
		t.Errorf("%d objects of %d bytes after deleting all, %d of %d before", got.Objects, got.Requested, empty.Objects, empty.Requested)
	}
	for i := range c.shards {
		c.shards[i].entries.free()
	}
	if got := c.Heap().Stats(); got.Objects != 0 || got.Requested != 0 {
		t.Errorf("%d objects of %d bytes in the end", got.Objects, got.Requested)
	}
	c.shards = nil
}

// TestEvictionOrder checks that the least recently used go, and no more of them
// than must.
func TestEvictionOrder(t *testing.T) {
	each(t, func(t *testing.T, storage string) {
		const room = 100
		c := newCache(t, Config{Storage: storage, Shards: 1})
		set := func(i int) {
			t.Helper()
			if err := c.Set(fmt.Appendf(nil, "%03d", i), make([]byte, 100), 0); err != nil {
				t.Fatal(err)
			}
		}
		set(0)
		limitShard(c, room*c.Stats().Bytes)
		for i := range room {
			set(i)
		}
		if got := c.Stats(); got.Entries != room || got.Evicted != 0 {
			t.Fatalf("%+v; want %d entries, none evicted", got, room)
		}
		for i := range room / 2 { // use every other one
			if _, ok := c.Get(nil, fmt.Appendf(nil, "%03d", 2*i)); !ok {
				t.Fatalf("%d is gone", 2*i)
			}
		}
		for i := range room / 2 {
			set(room + i)
		}
		if got := c.Stats(); got.Entries != room || got.Evicted != room/2 {
			t.Fatalf("%+v; want %d entries, %d evicted", got, room, room/2)
		}
		for i := range room + room/2 {
			_, ok := c.Get(nil, fmt.Appendf(nil, "%03d", i))
			if want := i%2 == 0 || i >= room; ok != want {
				t.Errorf("%d is there: %t; want %t", i, ok, want)
			}
		}
		// One that does not fit takes nothing with it but what it replaces.
		if err := c.Set([]byte("000"), make([]byte, 200*room), 0); err != ErrNoRoom {
			t.Errorf("error %v; want %v", err, ErrNoRoom)
		}
		if got := c.Stats(); got.Entries != room-1 {
			t.Errorf("%+v; want %d entries", got, room-1)
		}
	})
}

// limitShard sets the limit of the only shard.
func limitShard(c *Cache, limit int64) {
	switch e := c.shards[0].entries.(type) {
	case *goEntries:
		e.limit = limit
	case *offEntries:
		e.limit = limit
	}
}

// TestLimit fills a cache several times over, with sizes that change as it goes
// on, so that what is freed does not fit what comes.
func TestLimit(t *testing.T) {
	each(t, func(t *testing.T, storage string) {
		limit := int64(16 << 20)
		if offheap.Checked || testing.Short() {
			limit = 4 << 20 // checking takes time
		}
		c := newCache(t, Config{Storage: storage, Shards: 8, Limit: limit})
		rng := rand.New(rand.NewPCG(3, 4))
		n := uint64(0)
		for phase, size := range []int{100, 1000, 40_000, 200, 20_000, 10} {
			for written := 0; written < 2*int(limit); {
				value := make([]byte, 8+rng.IntN(2*size))
				binary.LittleEndian.PutUint64(value, n)
				key := fmt.Appendf(nil, "key %d", n)
				if err := c.Set(key, value, 0); err != nil {
					t.Fatalf("phase %d: %v", phase, err)
				}
				got, ok := c.Get(nil, key)
				if !ok || !bytes.Equal(got, value) {
					t.Fatalf("phase %d: what was set is %.20q, %t", phase, got, ok)
				}
				written += len(value) + 150
				n++
			}
			stats := c.Stats()
			if stats.Bytes > limit || stats.Bytes < limit/2 {
				t.Errorf("phase %d: %d bytes, with a limit of %d", phase, stats.Bytes, limit)
			}
			if c.Heap() != nil {
				if heap := c.Heap().Stats(); int64(heap.Committed) > limit {
					t.Errorf("phase %d: the heap has %d bytes, with a limit of %d", phase, heap.Committed, limit)
				}
			}
			t.Logf("phase %d: %d bytes of %d entries", phase, stats.Bytes, stats.Entries)
		}
	})
}

// TestConcurrent has many goroutines read and write the same keys. Each value
// says whose it is.
func TestConcurrent(t *testing.T) {
	each(t, func(t *testing.T, storage string) {
		c := newCache(t, Config{Storage: storage, Shards: 4, Limit: 4 << 20})
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				rng := rand.New(rand.NewPCG(uint64(g), 5))
				var buf []byte
				for range 5000 {
					n := rng.Uint64N(2000)
					key := binary.LittleEndian.AppendUint64(nil, n)
					switch rng.IntN(10) {
					case 0:
						c.Delete(key)
					case 1:
						c.Expire(key, time.Duration(rng.IntN(1000)))
					case 2:
						c.Sweep(5)
					case 3, 4, 5:
						value := binary.LittleEndian.AppendUint64(nil, n)
						value = append(value, make([]byte, rng.IntN(5000))...)
						if err := c.Set(key, value, 0); err != nil && !errors.Is(err, ErrNoRoom) {
							t.Error(err)
						}
					default:
						var ok bool
						if buf, ok = c.Get(buf[:0], key); ok && binary.LittleEndian.Uint64(buf) != n {
							t.Errorf("value of %d, want of %d", binary.LittleEndian.Uint64(buf), n)
						}
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestUnknownStorage(t *testing.T) {
	if _, err := New(Config{Storage: "paper"}); err == nil {
		t.Error("no error")
	}
}

// TestNoMemory checks that a limit that is too small for anything is an error.
func TestNoMemory(t *testing.T) {
	each(t, func(t *testing.T, storage string) {
		c, err := New(Config{Storage: storage, Shards: 4, Limit: 10})
		if err != nil {
			return
		}
		defer c.Close()
		if err := c.Set([]byte("k"), []byte("v"), 0); err != ErrNoRoom {
			t.Errorf("error %v; want %v", err, ErrNoRoom)
		}
	})
}
