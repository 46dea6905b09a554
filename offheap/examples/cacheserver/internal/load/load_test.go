package load

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/server"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/store"
)

func config(t *testing.T, cache store.Config) (Config, *store.Cache) {
	t.Helper()
	c, err := store.New(cache)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- server.New(server.Config{Cache: c}).Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return Config{
		Network: "tcp", Addr: l.Addr().String(), Clients: 3, Depth: 4, Duration: 100 * time.Millisecond,
		Workload: Workload{Entries: 1000, Skew: 1.1, Writes: 0.2, Deletes: 0.1, TTLs: 0.5, TTL: time.Millisecond, Seed: 1},
	}, c
}

func TestLoad(t *testing.T) {
	for _, storage := range store.Storages {
		t.Run(storage, func(t *testing.T) {
			c, cache := config(t, store.Config{Storage: storage})
			c.Workload.TTLs = 0
			r, err := Fill(t.Context(), c)
			if err != nil || r.Ops != 1000 || cache.Stats().Entries != 1000 {
				t.Fatalf("%+v, %v; the cache has %+v", r, err, cache.Stats())
			}
			c.Workload.TTLs = 0.5
			for _, c.Rate = range []float64{0, 3000} {
				r, err := Run(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				if r.Ops == 0 || r.Ops != r.Latency.TotalCount() || r.Hits+r.Misses == 0 || r.Errors+r.Wrong > 0 {
					t.Errorf("rate %g: %+v", c.Rate, r)
				}
				if c.Rate > 0 && r.Late.TotalCount()*int64(c.Depth) != r.Ops {
					t.Errorf("%d times %d commands sent, %d replies", r.Late.TotalCount(), c.Depth, r.Ops)
				}
			}
		})
	}
}

// TestWrong checks that values of other keys and errors are noticed.
func TestWrong(t *testing.T) {
	c, cache := config(t, store.Config{Storage: "go"})
	for key := range 1000 {
		cache.Set(appendKey(nil, uint64(key)), bytes.Repeat([]byte("x"), 100), 0)
	}
	c.Workload.Writes, c.Workload.Deletes = 0, 0
	r, err := Run(t.Context(), c)
	if err != nil || r.Wrong != r.Ops {
		t.Errorf("%d of %d wrong, %v", r.Wrong, r.Ops, err)
	}
	c, _ = config(t, store.Config{Storage: "go", Shards: 1, Limit: 1})
	if r, err = Fill(t.Context(), c); err != nil || r.Errors != r.Ops || !strings.HasPrefix(r.FirstError, "OOM ") {
		t.Errorf("%d of %d errors, such as %q, %v", r.Errors, r.Ops, r.FirstError, err)
	}
}

// TestServerGone checks that the load ends when the server does, with the reason.
func TestServerGone(t *testing.T) {
	for _, rate := range []float64{0, 1000} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() { // answer a few, then go
					br := bufio.NewReader(conn)
					br.ReadByte()
					conn.Write(slices.Repeat([]byte("$-1\r\n"), 3))
					conn.Close()
				}()
			}
		}()
		c := Config{Network: "tcp", Addr: l.Addr().String(), Clients: 3, Depth: 4, Rate: rate, Duration: time.Hour, Workload: Workload{Entries: 10}}
		if _, err := Run(t.Context(), c); err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("rate %g: error %v", rate, err)
		}
		l.Close()
	}
}

// TestCoordinatedOmission has a server that stops for a while: in the open loop
// all commands that were due meanwhile have a high latency, not one of each
// client.
func TestCoordinatedOmission(t *testing.T) {
	const pause = 200 * time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := resp.NewReader(conn, resp.Limits{Args: 10, Bytes: 1 << 20})
		for first := true; ; first = false {
			if _, err := r.Next(); err != nil {
				return
			}
			if first {
				time.Sleep(pause)
			}
			conn.Write([]byte("$-1\r\n"))
		}
	}()
	c := Config{Network: "tcp", Addr: l.Addr().String(), Clients: 1, Depth: 2, Rate: 1000, Duration: pause, Workload: Workload{Entries: 10}}
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Latency.ValueAtPercentile(50) < int64(pause)/4 {
		t.Errorf("the median of %d is %v, with all waiting for up to %v", r.Latency.TotalCount(), time.Duration(r.Latency.ValueAtPercentile(50)), pause)
	}
}

// TestWorkload checks that the same seed gives the same commands, and what they
// are.
func TestWorkload(t *testing.T) {
	w := Workload{Entries: 1000, Skew: 1.1, Writes: 0.3, Deletes: 0.1, TTLs: 0.5, TTL: time.Second, Seed: 7}
	commands := func(client uint64) (text []byte, verbs [3]int, keys map[uint64]int) {
		s := newSource(w, client)
		keys = map[uint64]int{}
		for range 10_000 {
			o := s.next()
			verbs[o.verb]++
			keys[o.key]++
			text = s.append(text, o)
		}
		return text, verbs, keys
	}
	text, verbs, keys := commands(0)
	if again, _, _ := commands(0); !bytes.Equal(text, again) {
		t.Error("the same seed gives other commands")
	}
	if other, _, _ := commands(1); bytes.Equal(text, other) {
		t.Error("two clients ask for the same")
	}
	if verbs[set] < 2700 || verbs[set] > 3300 || verbs[del] < 800 || verbs[del] > 1200 {
		t.Errorf("%d SET and %d DEL of 10000, want 3000 and 1000", verbs[set], verbs[del])
	}
	if keys[0] < 10*keys[999] || len(keys) < 500 {
		t.Errorf("the first key comes %d times, the last %d times; there are %d", keys[0], keys[999], len(keys))
	}
	r := resp.NewReader(bytes.NewReader(text), resp.Limits{Args: 5, Bytes: maxValue + 100})
	total, sets := 0, 0
	for range 10_000 {
		args, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if string(args[0]) != "SET" {
			continue
		}
		var key uint64
		if _, err := fmt.Sscanf(string(args[1]), "user:%d", &key); err != nil || !isValueOf(args[2], key) || isValueOf(args[2], key+1) {
			t.Fatalf("%q has a wrong value, %v", args[1], err)
		}
		total += len(args[2])
		sets++
	}
	if mean := total / sets; mean < 120 || mean > 320 {
		t.Errorf("the mean length of a value is %d", mean)
	}
}
