package server

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/store"
)

// A tape is a connection to a client who says what is on it.
type tape struct {
	net.Conn // nil: nothing else is called
	in       *bytes.Reader
	out      bytes.Buffer
}

func (t *tape) Read(p []byte) (int, error)      { return t.in.Read(p) }
func (t *tape) Write(p []byte) (int, error)     { return t.out.Write(p) }
func (t *tape) SetReadDeadline(time.Time) error { return nil }

// FuzzCommands checks that whatever a client says, the replies are RESP, and are
// the same whether the entries are on Go's heap or off it.
func FuzzCommands(f *testing.F) {
	for _, seed := range []string{
		"SET k v EX 10\nGET k\nTTL k\nPERSIST k\nDEL k k\n",
		"*3\r\n$3\r\nset\r\n$0\r\n\r\n$2\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$0\r\n\r\n",
		"EXPIRE k -1\nPEXPIRE k 9223372036854775807\nSELECT 1\nCONFIG GET x\nPING\nPING x\nECHO x\nEXISTS a b\nFLUSHALL\nDBSIZE\n",
		"\x00\xff\r\n*1\r\n$1\r\n\n\r\nQUIT\nPING\n", "*1\r\n$-1\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		if bytes.Contains(bytes.ToUpper(input), []byte("INFO")) {
			return // which tells the two apart
		}
		var replies []string
		for _, storage := range store.Storages {
			cache, err := store.New(store.Config{Storage: storage, Shards: 2, Now: func() int64 { return 1 }})
			if err != nil {
				t.Fatal(err)
			}
			conn := &tape{in: bytes.NewReader(input)}
			c := &client{server: New(Config{Cache: cache}), conn: conn}
			c.serve()
			if err := cache.Close(); err != nil {
				t.Error(err)
			}
			replies = append(replies, conn.out.String())
		}
		if replies[0] != replies[1] {
			t.Errorf("replies differ: %q and %q", replies[0], replies[1])
		}
		for br := bufio.NewReaderSize(bytes.NewReader([]byte(replies[0])), 1<<20); ; {
			if b, err := br.Peek(4); err == nil && string(b) == "*0\r\n" {
				br.Discard(4)
				continue
			}
			if _, _, err := resp.ReadReply(br, nil); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%v in %q", err, replies[0])
			}
		}
	})
}
