package load

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
)

// Config is who asks.
type Config struct {
	Network, Addr string
	Clients       int // connections
	Depth         int // commands that a client sends at once

	// Rate is how many commands all clients together send in a second,
	// whether or not replies have come (an open loop). If it is 0, each client
	// waits for the replies to its Depth commands, and goes on (a closed loop).
	Rate float64

	Duration time.Duration
	Workload Workload
}

// Result is what was measured.
type Result struct {
	Ops     int64
	Elapsed time.Duration
	Hits    int64 // of GET
	Misses  int64
	Errors  int64 // replies that are errors; FirstError is one
	Wrong   int64 // values that are not those of the key

	FirstError string

	// Latency is in nanoseconds. In a closed loop it is from when the
	// commands were sent until a command's reply was read. In an open loop it
	// is from when the commands were due, by a Poisson process, so that a server
	// that stops answering has all the commands against it that should have
	// been sent meanwhile, not just the one that waited (no coordinated
	// omission). The client's own delay counts too; Late is that part.
	Latency *hdrhistogram.Histogram
	Late    *hdrhistogram.Histogram
}

// Throughput is commands per second.
func (r *Result) Throughput() float64 { return float64(r.Ops) / r.Elapsed.Seconds() }

// HitRatio is the share of GETs that found a value.
func (r *Result) HitRatio() float64 { return float64(r.Hits) / float64(max(1, r.Hits+r.Misses)) }

// newHistogram counts from a microsecond to a minute, to 3 digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(time.Microsecond), int64(time.Minute), 3)
}

func newResult() *Result { return &Result{Latency: newHistogram(), Late: newHistogram()} }

func record(h *hdrhistogram.Histogram, d time.Duration) {
	h.RecordValue(min(max(int64(d), h.LowestTrackableValue()), h.HighestTrackableValue()))
}

func (r *Result) add(o *Result) {
	r.Ops += o.Ops
	r.Hits += o.Hits
	r.Misses += o.Misses
	r.Errors += o.Errors
	r.Wrong += o.Wrong
	if r.FirstError == "" {
		r.FirstError = o.FirstError
	}
	r.Latency.Merge(o.Latency)
	r.Late.Merge(o.Late)
}

// A client is a connection.
type client struct {
	conn   net.Conn
	br     *bufio.Reader
	source *source
	result *Result
	buf    []byte // for replies
}

// Fill sets each key once, from several connections.
func Fill(ctx context.Context, config Config) (*Result, error) {
	const depth = 64
	return config.run(ctx, func(ctx context.Context, c *client, number int) error {
		var out []byte
		var ops []op
		for key := number; key < config.Workload.Entries && ctx.Err() == nil; key += config.Clients {
			o := op{set, uint64(key)}
			out, ops = c.source.append(out, o), append(ops, o)
			if len(ops) < depth && key+config.Clients < config.Workload.Entries {
				continue
			}
			if err := c.batch(out, ops); err != nil {
				return err
			}
			out, ops = out[:0], ops[:0]
		}
		return ctx.Err()
	})
}

// Run asks for a time.
func Run(ctx context.Context, config Config) (*Result, error) {
	return config.run(ctx, func(ctx context.Context, c *client, number int) error {
		end := time.Now().Add(config.Duration)
		if config.Rate > 0 {
			return c.open(ctx, end, config.Rate/float64(config.Clients), config.Depth)
		}
		return c.closed(ctx, end, config.Depth)
	})
}

// run runs do for each client and puts the results together.
func (config Config) run(ctx context.Context, do func(ctx context.Context, c *client, number int) error) (*Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clients := make([]*client, config.Clients)
	var dialer net.Dialer
	for i := range clients {
		conn, err := dialer.DialContext(ctx, config.Network, config.Addr)
		if err != nil {
			return nil, err
		}
		defer conn.Close()
		stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
		defer stop()
		clients[i] = &client{conn: conn, br: bufio.NewReaderSize(conn, 64<<10), source: newSource(config.Workload, uint64(i)), result: newResult()}
	}
	start := time.Now()
	var wg sync.WaitGroup
	for i, c := range clients {
		wg.Go(func() {
			if err := do(ctx, c, i); err != nil {
				cancel(err) // the first error is the cause of the others
			}
		})
	}
	wg.Wait()
	total := newResult()
	total.Elapsed = time.Since(start)
	for _, c := range clients {
		total.add(c.result)
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("after %d commands: %w", total.Ops, context.Cause(ctx))
	}
	return total, nil
}

// closed sends commands, waits for the replies, and so on.
func (c *client) closed(ctx context.Context, end time.Time, depth int) error {
	var out []byte
	ops := make([]op, depth)
	for time.Now().Before(end) && ctx.Err() == nil {
		out = out[:0]
		for i := range ops {
			ops[i] = c.source.next()
			out = c.source.append(out, ops[i])
		}
		if err := c.batch(out, ops); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// batch sends commands and reads the replies.
func (c *client) batch(out []byte, ops []op) error {
	start := time.Now()
	if _, err := c.conn.Write(out); err != nil {
		return err
	}
	for _, o := range ops {
		if err := c.reply(o, start); err != nil {
			return err
		}
	}
	return nil
}

// reply reads the reply to a command that was due at some time.
func (c *client) reply(o op, due time.Time) error {
	kind, text, err := resp.ReadReply(c.br, c.buf)
	if err != nil {
		return err
	}
	c.buf = text
	r := c.result
	record(r.Latency, time.Since(due))
	r.Ops++
	switch {
	case kind == resp.Error:
		r.Errors++
		if r.FirstError == "" {
			r.FirstError = string(text)
		}
	case o.verb != get:
	case kind == resp.Null:
		r.Misses++
		c.source.miss(o.key)
	default:
		r.Hits++
		if kind != resp.Bulk || !isValueOf(text, o.key) {
			r.Wrong++
		}
	}
	return nil
}

// A sent command waits for its reply.
type sent struct {
	op  op
	due time.Time
}

// maxWaiting is how many commands of a client may wait for their replies. One
// more is sent late, which its latency tells.
const maxWaiting = 1 << 14

// open sends commands when they are due, and reads the replies beside that.
func (c *client) open(ctx context.Context, end time.Time, rate float64, depth int) error {
	waiting := make(chan sent, maxWaiting)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		defer cancel()
		for s := range waiting {
			if err := c.reply(s.op, s.due); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	err := c.send(ctx, end, rate, depth, waiting)
	close(waiting)
	if replyErr := <-failed; replyErr != nil {
		return replyErr
	}
	return err
}

// send sends depth commands at a time when they are due.
func (c *client) send(ctx context.Context, end time.Time, rate float64, depth int, waiting chan<- sent) error {
	mean := float64(depth) / rate * float64(time.Second)
	var out []byte
	for due := time.Now(); ; {
		due = due.Add(time.Duration(c.source.rng.ExpFloat64() * mean))
		if due.After(end) {
			return nil
		}
		if wait := time.Until(due); wait > 0 {
			sleep(wait)
		}
		out = out[:0]
		for range depth {
			o := c.source.next()
			out = c.source.append(out, o)
			select {
			case waiting <- sent{o, due}:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		record(c.result.Late, time.Since(due))
		if _, err := c.conn.Write(out); err != nil {
			return err
		}
	}
}
