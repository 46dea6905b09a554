//go:build go1.26

package alloctest_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stackward-go/stackward/alloctest"
)

var update = flag.Bool("update", false, "write testdata")

// A record is what TestMessage has made. Lines here are named in
// testdata/message.txt.
type record struct {
	name []byte
	Pad  [104]byte // with the name, 128 B on 32 and on 64 bits
}

//go:noinline
func measured() *record {
	r := record{name: make([]byte, 0, 64)}
	r.name = append(r.name, "a name that is longer than thirty-two bytes"...)
	return &r
}

//go:noinline
func note(v any) { kept = v }

// TestMessage compares what a test is told with testdata/message.txt. Before
// go1.26 the profile lacks the runtime functions, so that it is not told what is
// made.
func TestMessage(t *testing.T) {
	skipInstrumented(t)
	var fails fake
	alloctest.Zero(&fails, func() {
		p := measured()
		kept = p
		text = text[:0] + string(p.name)
		note(len(text) + 1000)
	})
	got := fails.failed
	file := filepath.Join("testdata", "message.txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant (-update writes it):\n%s", got, want)
	}
}
