package text

import (
	"bufio"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// Of a leak a few objects are freed, at once: they do not speak for those that live.
func TestLives(t *testing.T) {
	t.Parallel()
	lives := func(freed, live, temporary int64) alloc.HeapLives {
		return alloc.HeapLives{
			Objects: freed + live, Bytes: 64 * (freed + live), LiveObjects: live, LiveBytes: 64 * live,
			FreedObjects: freed, Temporary: temporary, FreedShare: float64(freed) / float64(freed+live),
		}
	}
	leak, garbage := lives(49, 16_024, 49), lives(900, 100, 891)
	r := &alloc.Report{
		Heap:          &alloc.Heap{Collections: 4, GrowsFrom: 8},
		Types:         []*alloc.HeapType{{Type: "m.leak", HeapLives: leak}, {Type: "m.garbage", HeapLives: garbage}},
		HeapSites:     []*alloc.HeapSite{{Pos: alloc.Pos{File: "a/long/way/to/a.go", Line: 1}, HeapLives: leak}},
		SiteEstimates: []*alloc.HeapSiteEstimate{{Pos: alloc.Pos{File: "a.go", Line: 2}, Lives: &leak, Alone: 1}},
	}
	var b strings.Builder
	w := &writer{Writer: bufio.NewWriter(&b), o: Options{Path: func(s string) string { return s }}}
	w.heapTypes(r)
	w.heapSites(r)
	w.siteEstimates(r)
	w.Flush()
	for _, line := range strings.Split(b.String(), "\n") {
		if strings.HasSuffix(line, "leak") || strings.Contains(line, "a.go") {
			if strings.Contains(strings.Replace(line, " 100%", "", 1), "%") || strings.Contains(line, "0.0 ") {
				t.Errorf("what few did stands for all: %s", line)
			}
		}
		if strings.HasSuffix(line, "garbage") && !strings.Contains(line, " 99% ") {
			t.Errorf("no share that is temporary: %s", line)
		}
	}
	const few = "grows takes 8 collections to tell a leak, and there were 4: record longer, or with a lower GOGC\n"
	if n := strings.Count(b.String(), few); n != 1 {
		t.Errorf("%d times %q in\n%s", n, few, &b)
	}
	// A place that does not fit has a line of its own for what stands behind it, if that is any.
	b.Reset()
	w.o.Width = 40
	w.heapSites(r)
	w.Flush()
	if strings.Contains(b.String(), "\n    \n") {
		t.Errorf("a line of spaces in\n%s", &b)
	}
	w.o.Width = 0
	r.Heap.NoSites, r.SiteEstimates = "it says why", nil
	b.Reset()
	w.siteEstimates(r)
	w.Flush()
	if b.String() != "no sites: it says why\n" {
		t.Errorf("without sites: %q", &b)
	}
	r.Heap.Collections, r.Heap.GrowsFrom = 8, 0
	b.Reset()
	w.heapTypes(r)
	w.Flush()
	if strings.Contains(b.String(), "grows takes") {
		t.Errorf("enough are too few in\n%s", &b)
	}
}
