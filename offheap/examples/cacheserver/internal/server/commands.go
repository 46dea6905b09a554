package server

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
)

// A command answers a client. Its arguments are without its name.
type command struct {
	min, max int // arguments
	do       func(c *client, args [][]byte)
}

// commands is by name. Some are there only because clients send them when they
// connect.
var commands = map[string]command{
	"CLIENT":   {1, maxArgs, (*client).ok},
	"COMMAND":  {0, maxArgs, func(c *client, _ [][]byte) { c.out = resp.AppendArray(c.out, 0) }},
	"CONFIG":   {1, maxArgs, func(c *client, _ [][]byte) { c.out = resp.AppendArray(c.out, 0) }},
	"DBSIZE":   {0, 0, (*client).dbSize},
	"DEBUG":    {1, 1, (*client).debug},
	"DEL":      {1, maxArgs, (*client).del},
	"ECHO":     {1, 1, func(c *client, args [][]byte) { c.out = resp.AppendBulk(c.out, args[0]) }},
	"EXISTS":   {1, maxArgs, (*client).exists},
	"EXPIRE":   {2, 2, func(c *client, args [][]byte) { c.expire(args, time.Second) }},
	"FLUSHALL": {0, 1, (*client).flushAll},
	"GET":      {1, 1, (*client).get},
	"INFO":     {0, maxArgs, (*client).info},
	"PERSIST":  {1, 1, (*client).persist},
	"PEXPIRE":  {2, 2, func(c *client, args [][]byte) { c.expire(args, time.Millisecond) }},
	"PING":     {0, 1, (*client).ping},
	"PTTL":     {1, 1, func(c *client, args [][]byte) { c.ttl(args[0], time.Millisecond) }},
	"QUIT":     {0, 0, func(c *client, args [][]byte) { c.ok(args); c.quit = true }},
	"SELECT":   {1, 1, (*client).selectDB},
	"SET":      {2, 4, (*client).set},
	"TTL":      {1, 1, func(c *client, args [][]byte) { c.ttl(args[0], time.Second) }},
}

// do answers a command.
func (c *client) do(args [][]byte) {
	c.server.commands.Add(1)
	if n := c.server.config.Garbage; n > 0 {
		c.waste = make([]byte, n)
	}
	var name [16]byte
	upper := append(name[:0], args[0]...)
	for i, b := range upper {
		if 'a' <= b && b <= 'z' {
			upper[i] = b - 'a' + 'A'
		}
	}
	cmd, ok := commands[string(upper)]
	args = args[1:]
	switch {
	case !ok:
		c.fail("ERR unknown command %.64q", upper)
	case len(args) < cmd.min || len(args) > cmd.max:
		c.fail("ERR wrong number of arguments for '%s' command", bytes.ToLower(upper))
	default:
		cmd.do(c, args)
	}
}

func (c *client) fail(format string, args ...any) {
	c.out = resp.AppendError(c.out, fmt.Sprintf(format, args...))
}

func (c *client) ok([][]byte) { c.out = resp.AppendSimple(c.out, "OK") }

func (c *client) ping(args [][]byte) {
	if len(args) == 1 {
		c.out = resp.AppendBulk(c.out, args[0])
	} else {
		c.out = resp.AppendSimple(c.out, "PONG")
	}
}

func (c *client) get(args [][]byte) {
	var ok bool
	c.value, ok = c.server.config.Cache.Get(c.value[:0], args[0])
	if ok {
		c.out = resp.AppendBulk(c.out, c.value)
	} else {
		c.out = resp.AppendNull(c.out)
	}
	if cap(c.value) > flushBytes {
		c.value = nil
	}
}

// set is SET key value [EX seconds | PX milliseconds].
func (c *client) set(args [][]byte) {
	key, value := args[0], args[1]
	ttl := time.Duration(0)
	if len(args) > 2 {
		if len(args) == 3 {
			c.fail("ERR syntax error")
			return
		}
		unit := time.Second
		switch {
		case bytes.EqualFold(args[2], []byte("EX")):
		case bytes.EqualFold(args[2], []byte("PX")):
			unit = time.Millisecond
		default:
			c.fail("ERR syntax error")
			return
		}
		n, ok := c.duration(args[3], unit)
		if !ok {
			return
		}
		if n <= 0 {
			c.fail("ERR invalid expire time in 'set' command")
			return
		}
		ttl = n
	}
	switch {
	case len(key) > maxKey:
		c.fail("ERR key is longer than %d bytes", maxKey)
	case len(value) > maxValue:
		c.fail("ERR value is longer than %d bytes", maxValue)
	default:
		if err := c.server.config.Cache.Set(key, value, ttl); err != nil {
			c.fail("OOM %v", err)
		} else {
			c.ok(nil)
		}
	}
}

// duration is an argument that is a number of units. If it is not, it says so to
// the client.
func (c *client) duration(arg []byte, unit time.Duration) (time.Duration, bool) {
	n, err := strconv.ParseInt(string(arg), 10, 64)
	const most = math.MaxInt64 / 4 // so that it can be added to the time
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		c.fail("ERR value is not an integer or out of range")
		return 0, false
	}
	if n > most/int64(unit) || n < -most/int64(unit) {
		c.fail("ERR expire time is out of range")
		return 0, false
	}
	return time.Duration(n) * unit, true
}

func (c *client) del(keys [][]byte) { c.count(keys, c.server.config.Cache.Delete) }

func (c *client) exists(keys [][]byte) {
	c.count(keys, func(key []byte) bool {
		_, ok := c.server.config.Cache.TTL(key)
		return ok
	})
}

// count replies with the number of keys for which is is true.
func (c *client) count(keys [][]byte, is func(key []byte) bool) {
	n := int64(0)
	for _, key := range keys {
		if is(key) {
			n++
		}
	}
	c.out = resp.AppendInteger(c.out, n)
}

func (c *client) expire(args [][]byte, unit time.Duration) {
	ttl, ok := c.duration(args[1], unit)
	if !ok {
		return
	}
	c.count(args[:1], func(key []byte) bool { return c.server.config.Cache.Expire(key, ttl) })
}

func (c *client) persist(args [][]byte) {
	c.count(args, c.server.config.Cache.Persist)
}

// ttl replies with the time that the key has left: -1 for ever, -2 without key.
func (c *client) ttl(key []byte, unit time.Duration) {
	ttl, ok := c.server.config.Cache.TTL(key)
	switch {
	case !ok:
		c.out = resp.AppendInteger(c.out, -2)
	case ttl == 0:
		c.out = resp.AppendInteger(c.out, -1)
	default:
		c.out = resp.AppendInteger(c.out, int64((ttl+unit/2)/unit))
	}
}

func (c *client) dbSize([][]byte) {
	c.out = resp.AppendInteger(c.out, int64(c.server.config.Cache.Stats().Entries))
}

func (c *client) flushAll(args [][]byte) {
	c.server.config.Cache.Clear()
	c.ok(args)
}

func (c *client) selectDB(args [][]byte) {
	if string(args[0]) != "0" {
		c.fail("ERR DB index is out of range")
		return
	}
	c.ok(args)
}
