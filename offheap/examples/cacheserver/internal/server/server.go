// Package server serves a cache to clients of Redis or Valkey over TCP or a Unix
// socket.
package server

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/store"
)

// Limits.
const (
	maxKey   = 4 << 10 // bytes
	maxValue = 1 << 20
	maxArgs  = 1 << 10

	// flushBytes is how many bytes of replies are kept for a client that sends
	// command after command.
	flushBytes = 64 << 10
)

// sweepEvery and sweepEntries say how often, and of how many entries of a shard,
// it is seen to whether they have expired.
const (
	sweepEvery   = 100 * time.Millisecond
	sweepEntries = 200
)

// grace is how long a client has to take its last replies when the server ends.
const grace = time.Second

// Config is how a Server is to be.
type Config struct {
	Cache *store.Cache

	// IdleTimeout is how long a client may wait with its next command, or to
	// take a reply; 0 is for ever.
	IdleTimeout time.Duration

	// MaxClients is how many there may be at once; 0 is no limit. One more is
	// told so and sent away.
	MaxClients int

	// Garbage is bytes of Go's heap that each command takes and drops. This
	// server needs none, but most do to decode, to log and to build replies.
	Garbage int

	// Debug allows the command DEBUG.
	Debug bool
}

// A Server serves a cache.
type Server struct {
	config  Config
	started time.Time

	mu      sync.Mutex
	clients map[net.Conn]struct{}
	closing bool

	wg       sync.WaitGroup // of clients and of sweeping
	commands atomic.Uint64
}

// New returns a Server.
func New(config Config) *Server {
	return &Server{config: config, started: time.Now(), clients: map[net.Conn]struct{}{}}
}

// Serve serves those who connect until ctx is done. Then it accepts nobody any
// more, lets each client have the replies to what it has sent, and returns nil.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	stop := context.AfterFunc(ctx, func() { s.shutDown(l) })
	defer stop()
	defer s.wg.Wait()
	sweeping, endSweeping := context.WithCancel(ctx)
	defer endSweeping()
	s.wg.Go(func() { s.sweep(sweeping) })
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			var temporary interface{ Temporary() bool } // such as no more file descriptors
			if errors.As(err, &temporary) && temporary.Temporary() {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			s.shutDown(l)
			return err
		}
		s.accept(conn)
	}
}

// shutDown makes the server end: nothing more is read.
func (s *Server) shutDown(l net.Listener) {
	l.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	for conn := range s.clients {
		conn.SetReadDeadline(time.Unix(1, 0))
		conn.SetWriteDeadline(time.Now().Add(grace))
	}
}

// accept starts to serve a client.
func (s *Server) accept(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closing:
		conn.Close()
	case s.config.MaxClients > 0 && len(s.clients) >= s.config.MaxClients:
		conn.SetWriteDeadline(time.Now().Add(time.Second))
		conn.Write(resp.AppendError(nil, "ERR max number of clients reached"))
		conn.Close()
	default:
		s.clients[conn] = struct{}{}
		s.wg.Go(func() {
			c := &client{server: s, conn: conn}
			c.serve()
			conn.Close()
			s.mu.Lock()
			delete(s.clients, conn)
			s.mu.Unlock()
		})
	}
}

// sweep removes what has expired and nobody asks for.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.config.Cache.Sweep(sweepEntries)
		}
	}
}

// patience sets the deadline for a client's next command, unless the server is
// shutting down.
func (s *Server) patience(conn net.Conn) {
	if s.config.IdleTimeout == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		conn.SetReadDeadline(time.Now().Add(s.config.IdleTimeout))
	}
}

// A client is one who is connected.
type client struct {
	server *Server
	conn   net.Conn
	out    []byte // replies that are not sent yet
	value  []byte // for values
	waste  []byte // so that garbage is on the heap
	quit   bool
}

// serve answers the client until it goes, or must.
func (c *client) serve() {
	r := resp.NewReader(c.conn, resp.Limits{Args: maxArgs, Bytes: maxKey + maxValue + 1024})
	for !c.quit {
		if !r.Buffered() || len(c.out) >= flushBytes {
			if c.flush() != nil {
				return
			}
			c.server.patience(c.conn)
		}
		args, err := r.Next()
		var protocol resp.ProtocolError
		switch {
		case err == nil:
			c.do(args)
		case errors.Is(err, resp.ErrTooLarge):
			c.out = resp.AppendError(c.out, "ERR "+err.Error())
		case errors.As(err, &protocol):
			c.out = resp.AppendError(c.out, "ERR "+strings.ToUpper(err.Error()[:1])+err.Error()[1:])
			c.quit = true
		default:
			c.quit = true // gone, idle, or the server is shutting down
		}
	}
	if c.flush() == nil {
		c.linger()
	}
}

// flush sends the replies.
func (c *client) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	if timeout := c.server.config.IdleTimeout; timeout > 0 {
		c.conn.SetWriteDeadline(time.Now().Add(timeout))
	}
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	if cap(c.out) > 4*flushBytes {
		c.out = nil
	}
	return err
}

// linger says that no more comes, and reads on for a moment: if what the client
// still sends were refused, it would not get to read the last replies.
func (c *client) linger() {
	if half, ok := c.conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		c.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		io.Copy(io.Discard, io.LimitReader(c.conn, 1<<20))
	}
}
