package text

import (
	"bufio"
	"bytes"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestStaticOnce has goroutines of one function that two others have begun.
func TestStaticOnce(t *testing.T) {
	static := &alloc.StaticStack{Bytes: 3000, Size: 4096, Frames: []alloc.StaticFrame{{Func: "m.f", Frame: 2000}}}
	var b bytes.Buffer
	w := &writer{Writer: bufio.NewWriter(&b)}
	w.static([]*alloc.GoroutineStacks{
		{Func: "m.f", By: "m.a", Largest: 4096, Static: static},
		{Func: "m.g"},
		{Func: "m.f", By: "m.b", Largest: 16384, Static: static},
	})
	w.Flush()
	if got := b.String(); strings.Count(got, "m.f: 3,000 B, a stack of 4 KiB; the largest was 16 KiB") != 1 || strings.Count(got, "2,000") != 1 {
		t.Errorf("%s", got)
	}
}
