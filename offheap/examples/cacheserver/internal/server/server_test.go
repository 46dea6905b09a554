package server

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/store"
)

// start serves a cache and returns the address, and what stops it.
func start(t *testing.T, cache store.Config, config Config) (addr net.Addr, stop func()) {
	t.Helper()
	var err error
	if config.Cache, err = store.New(cache); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Addr(), serve(t, l, config)
}

func serve(t *testing.T, l net.Listener, config Config) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- New(config).Serve(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		if err := config.Cache.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func dial(t *testing.T, addr net.Addr) net.Conn {
	t.Helper()
	conn, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

// talk sends all of the input at once and returns all replies.
func talk(t *testing.T, addr net.Addr, input string) string {
	t.Helper()
	conn := dial(t, addr)
	go func() {
		io.WriteString(conn, input)
		conn.(interface{ CloseWrite() error }).CloseWrite()
	}()
	b, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestCommands types into the server. In the wants, lines end in a space each.
func TestCommands(t *testing.T) {
	tests := []struct{ name, input, want string }{
		{"ping", "PING\nping hello\n", "+PONG $5 hello"},
		{"set and get", "SET k v\nGET k\nGET none\nget k", "+OK $1 v $-1"},
		{"delete", "SET a 1\nSET b 2\nDEL a b c\nGET a", "+OK +OK :2"},
		{"exists", "SET e 1\nEXISTS e e none\n", "+OK :2"},
		{"expire", "SET x 1 EX 100\nTTL x\nEXPIRE x 10\nTTL x\nPERSIST x\nPERSIST x\nTTL x\nEXPIRE x 0\nTTL x\nEXPIRE x 5\n", "+OK :100 :1 :10 :1 :0 :-1 :1 :-2 :0"},
		{"expire in milliseconds", "SET y 1 px 5000\nTTL y\nPEXPIRE y 20000\nTTL y\n", "+OK :5 :1 :20"},
		{"expire beyond all", "SET y 1 EX 9223372036854775807\nEXPIRE y 99999999999999999999\n", "-ERR expire time is out of range -ERR expire time is out of range"},
		{"expire without sense", "SET y 1 EX x\nSET y 1 EX 0\nSET y 1 EX\nSET y 1 XX 3\n", "-ERR value is not an integer or out of range -ERR invalid expire time in 'set' command -ERR syntax error -ERR syntax error"},
		{"unknown", "FROB\nX\"\x01\n", "-ERR unknown command \"FROB\" -ERR unknown command \"X\\\"\\x01\""},
		{"arguments", "GET\nGET a b\n", "-ERR wrong number of arguments for 'get' command -ERR wrong number of arguments for 'get' command"},
		{"what clients send first", "COMMAND DOCS\nCLIENT SETINFO LIB-NAME x\nCONFIG GET save\nSELECT 0\nSELECT 1\nHELLO 3\n", "*0 +OK *0 +OK -ERR DB index is out of range -ERR unknown command \"HELLO\""},
		{"quit", "QUIT\nPING\n", "+OK"},
		{"flush", "SET f 1\nFLUSHALL\nDBSIZE\nSET f 1\nDBSIZE\n", "+OK +OK :0 +OK :1"},
		{"debug", "DEBUG GC\n", "-ERR DEBUG command not allowed"},
		{"key too long", "*3\n$3\r\nSET\r\n$4097\r\n" + strings.Repeat("k", 4097) + "\r\n$1\r\nv\r\nPING\n", "-ERR key is longer than 4096 bytes +PONG"},
		{"value too long", "*3\n$3\r\nSET\r\n$1\r\nk\r\n$1048577\r\n" + strings.Repeat("v", 1048577) + "\r\nPING\n", "-ERR value is longer than 1048576 bytes +PONG"},
		{"command too long", "*3\n$3\r\nSET\r\n$1\r\nk\r\n$2000000\r\n" + strings.Repeat("v", 2000000) + "\r\nPING\n", "-ERR command is too large +PONG"},
		{"not the protocol", "PING\n*x\r\nPING\n", "+PONG -ERR Protocol error: invalid length of array"},
		{"another protocol", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "-ERR wrong number of arguments for 'get' command -ERR unknown command \"HOST:\""},
	}
	for _, storage := range store.Storages {
		t.Run(storage, func(t *testing.T) {
			addr, _ := start(t, store.Config{Storage: storage}, Config{})
			for _, test := range tests {
				t.Run(test.name, func(t *testing.T) {
					got := strings.Join(strings.Fields(talk(t, addr, test.input)), " ")
					if got != test.want {
						t.Errorf("got  %s\nwant %s", got, test.want)
					}
				})
			}
		})
	}
}

func TestInfo(t *testing.T) {
	for _, storage := range store.Storages {
		t.Run(storage, func(t *testing.T) {
			addr, _ := start(t, store.Config{Storage: storage, Limit: 1 << 30}, Config{Debug: true})
			got := talk(t, addr, "SET a 1\nGET a\nGET b\nDEBUG GC\nDEBUG x\nINFO\n")
			for _, want := range []string{
				"-ERR unknown subcommand of DEBUG\r\n", "\r\nentries:1\r\n", "\r\nkeyspace_hits:1\r\n",
				"\r\nkeyspace_misses:1\r\n", "\r\nmaxmemory:1073741824\r\n", "\r\ntotal_commands_processed:6\r\n",
			} {
				if !strings.Contains(got, want) {
					t.Errorf("no %q", want)
				}
			}
			for _, above0 := range append([]string{"cpu_seconds", "peak_rss_bytes"}, "gc_cpu_seconds", "gc_cycles", "go_memory_bytes") {
				m := regexp.MustCompile("\r\n" + above0 + ":(.*)\r\n").FindStringSubmatch(got)
				if m == nil {
					t.Errorf("no %s", above0)
				} else if n, err := strconv.ParseFloat(m[1], 64); err != nil || n <= 0 {
					t.Errorf("%s is %s", above0, m[1])
				}
			}
			if t.Failed() {
				t.Log(got)
			}
		})
	}
}

// TestRoundTrips has many clients write and read at once, values of all sizes,
// many commands at a time.
func TestRoundTrips(t *testing.T) {
	for _, storage := range store.Storages {
		t.Run(storage, func(t *testing.T) {
			addr, stop := start(t, store.Config{Storage: storage, Shards: 4}, Config{})
			var wg sync.WaitGroup
			for g := range 20 {
				conn := dial(t, addr)
				wg.Go(func() {
					if err := roundTrips(conn, g); err != nil {
						t.Errorf("client %d: %v", g, err)
					}
				})
			}
			wg.Wait()
			stop()
		})
	}
}

func roundTrips(conn net.Conn, g int) error {
	rng := rand.New(rand.NewPCG(uint64(g), 6))
	br := bufio.NewReader(conn)
	var buf []byte
	for round := range 20 {
		var out []byte
		var want [][]byte
		for i := range 20 {
			key := fmt.Appendf(nil, "%d %d", g, i)
			value := bytes.Repeat([]byte{byte(round), byte(i)}, rng.IntN(1<<rng.IntN(13)))
			out = resp.AppendCommand(out, []byte("SET"), key, value)
			out = resp.AppendCommand(out, []byte("GET"), key)
			want = append(want, value)
		}
		if _, err := conn.Write(out); err != nil {
			return err
		}
		for i, value := range want {
			kind, text, err := resp.ReadReply(br, buf)
			if err != nil || kind != resp.Simple {
				return fmt.Errorf("SET: %c %q, %v", kind, text, err)
			}
			if kind, buf, err = resp.ReadReply(br, buf); err != nil || kind != resp.Bulk || !bytes.Equal(buf, value) {
				return fmt.Errorf("GET %d: %c of %d bytes, want %d, %v", i, kind, len(buf), len(value), err)
			}
		}
	}
	return nil
}

// TestShutDown checks that the server ends though clients wait, and one does not
// read its replies, and that a client gets what it has asked for.
func TestShutDown(t *testing.T) {
	addr, stop := start(t, store.Config{Storage: "offheap"}, Config{})
	idle := dial(t, addr)
	io.WriteString(idle, "PING\n")
	if _, err := io.ReadFull(idle, make([]byte, len("+PONG\r\n"))); err != nil {
		t.Fatal(err)
	}
	deaf := dial(t, addr)
	deaf.(*net.TCPConn).SetReadBuffer(4 << 10)
	io.WriteString(deaf, "SET k "+strings.Repeat("v", 10_000)+"\n")
	go io.WriteString(deaf, strings.Repeat("GET k\n", 10_000))
	time.Sleep(10 * time.Millisecond) // so that the server has replies that nobody takes; without that, the test is easier
	stop()
	if b, err := io.ReadAll(idle); err != nil || len(b) > 0 {
		t.Errorf("the idle client got %q, %v", b, err)
	}
	if conn, err := net.Dial(addr.Network(), addr.String()); err == nil {
		conn.Close()
		t.Error("the server still accepts")
	}
}

func TestMaxClients(t *testing.T) {
	addr, _ := start(t, store.Config{Storage: "go"}, Config{MaxClients: 1})
	first := dial(t, addr)
	io.WriteString(first, "PING\n")
	if _, err := io.ReadFull(first, make([]byte, len("+PONG\r\n"))); err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(dial(t, addr))
	if got := string(b); got != "-ERR max number of clients reached\r\n" {
		t.Errorf("the second client got %q", got)
	}
}

func TestIdleTimeout(t *testing.T) {
	addr, _ := start(t, store.Config{Storage: "go"}, Config{IdleTimeout: time.Millisecond})
	if b, err := io.ReadAll(dial(t, addr)); err != nil || len(b) > 0 {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestUnixSocket(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Skip(err)
	}
	cache, err := store.New(store.Config{Storage: "go"})
	if err != nil {
		t.Fatal(err)
	}
	serve(t, l, Config{Cache: cache})
	if got := talk(t, l.Addr(), "PING\n"); got != "+PONG\r\n" {
		t.Errorf("got %q", got)
	}
}

// TestExpiry checks that what has expired goes though nobody asks for it.
func TestExpiry(t *testing.T) {
	addr, _ := start(t, store.Config{Storage: "offheap"}, Config{})
	talk(t, addr, "SET a 1 PX 1\nSET b 1 PX 1\nSET c 1\n")
	deadline := time.Now().Add(time.Minute)
	for talk(t, addr, "DBSIZE\n") != ":1\r\n" {
		if time.Now().After(deadline) {
			t.Fatal("expired keys are still there")
		}
		time.Sleep(10 * time.Millisecond)
	}
}
