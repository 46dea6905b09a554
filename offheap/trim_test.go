package offheap

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// rss is the program's resident memory in bytes.
func rss(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("resident memory is read from /proc")
	}
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(data))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestTrim(t *testing.T) {
	if checked {
		t.Skip("the checked build has nothing to give back")
	}
	const size = 40 << 20
	h := NewHeap(Config{})
	defer h.Close()
	ps := make([]*obj64, size/64)
	Must(AllocN(h, ps))
	full, committed := rss(t), h.Stats().Committed
	if got := h.Trim(); got > 2*chunkSize {
		t.Errorf("Trim of a full heap gave %d bytes", got)
	}
	FreeN(h, ps)
	got := h.Trim()
	s := h.Stats()
	if got < size*9/10 || s.Committed > committed-uint64(got)+uint64(chunkSize)*2 || s.Released < uint64(got) {
		t.Errorf("Trim gave %d bytes, %+v", got, s)
	}
	if now := rss(t); now > full-size*8/10 {
		t.Errorf("resident memory went from %d to %d", full, now)
	}
	checkPages(t, h)
	Must(AllocN(h, ps))
	FreeN(h, ps)
	checkEmpty(t, h)
}

// TrimEvery gives back what is idle, and leaves what is in use now and then.
func TestTrimIdle(t *testing.T) {
	if checked {
		t.Skip("the checked build has nothing to give back")
	}
	h := NewHeap(Config{})
	defer h.Close()
	const n = arenaChunks / 2 * chunkSize
	large := Must(MakeSlice[byte](h, n, n))
	FreeSlice(h, large)
	if got := h.trimIdle(); got != 0 {
		t.Errorf("what was free for less than an interval went: %d bytes", got)
	}
	FreeSlice(h, Must(MakeSlice[byte](h, 4*chunkSize, 4*chunkSize)))
	got := h.trimIdle()
	if got < n-6*chunkSize || got > n-3*chunkSize {
		t.Errorf("of %d bytes, of which 4 chunks were in use, %d went", n, got)
	}
	if got := h.trimIdle(); got < 3*chunkSize {
		t.Errorf("then %d bytes went", got)
	}
	checkEmpty(t, h)

	FreeSlice(h, Must(MakeSlice[byte](h, n, n)))
	stop := h.TrimEvery(time.Millisecond)
	defer stop()
	for range 10_000 {
		if h.Stats().Free-h.Stats().Released < 2*chunkSize {
			stop()
			stop()
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("nothing went: %+v", h.Stats())
}

func TestWriteMap(t *testing.T) {
	if checked {
		t.Skip("the checked build has no arenas")
	}
	h := NewHeap(Config{})
	defer h.Close()
	for range 10 {
		Must(New[obj64](h))
	}
	gone := Must(MakeSlice[byte](h, 3*chunkSize, 3*chunkSize))
	Must(MakeSlice[byte](h, 40_000, 40_000))
	Must(MakeSliceUninit[byte](h, arenaSize, arenaSize))
	FreeSlice(h, gone)
	h.flush(0)
	h.drainCentral()
	h.Trim()
	var b bytes.Buffer
	if err := h.WriteMap(&b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if lines[0] != "offheap map 1" {
		t.Error(lines[0])
	}
	line := regexp.MustCompile(`^(\d+) (\d+) (objects 64 free 118|large \d+|free|released)$`)
	next, end, kinds := 0, 0, map[string]int{}
	for _, l := range lines[1:] {
		var addr uint64
		var pages, committed int
		if n, _ := fmt.Sscanf(l, "arena %v pages %d committed %d", &addr, &pages, &committed); n == 3 {
			if next != end || addr%arenaSize != 0 || pages%arenaPages != 0 {
				t.Errorf("%q after page %d of %d", l, next, end)
			}
			next, end = int(firstPage), committed
			continue
		}
		m := line.FindStringSubmatch(l)
		if m == nil {
			t.Errorf("line %q", l)
			continue
		}
		at, _ := strconv.Atoi(m[1])
		n, _ := strconv.Atoi(m[2])
		if at != next || n == 0 {
			t.Errorf("%q, but the next page is %d", l, next)
		}
		next = at + n
		kinds[strings.Fields(m[3])[0]]++
	}
	if next != end {
		t.Errorf("the last arena ends at page %d of %d", next, end)
	}
	if kinds["objects"] != 1 || kinds["large"] != 2 || kinds["free"] == 0 || kinds["released"] == 0 {
		t.Errorf("%v in\n%s", kinds, b.String())
	}
}

func TestMetrics(t *testing.T) {
	h := NewHeap(Config{Limit: 1 << 30})
	defer h.Close()
	Must(MakeSlice[byte](h, 100_000, 100_000))
	var samples []MetricSample
	for _, d := range Metrics() {
		if !regexp.MustCompile(`^/offheap/[a-z/-]+:(bytes|objects)$`).MatchString(d.Name) || !strings.HasSuffix(d.Description, ".") {
			t.Errorf("%+v", d)
		}
		samples = append(samples, MetricSample{Name: d.Name})
	}
	h.ReadMetrics(samples)
	got := map[string]uint64{}
	for _, s := range samples {
		got[s.Name] = s.Value
	}
	if len(got) != len(Metrics()) || got["/offheap/objects/requested:bytes"] != 100_000 || got["/offheap/objects/live:objects"] != 1 {
		t.Error(got)
	}
	var s Stats
	if err := json.Unmarshal([]byte(h.Var().String()), &s); err != nil || s.Requested != 100_000 {
		t.Error(err, s)
	}
	defer func() {
		if recover() == nil {
			t.Error("an unknown metric is no panic")
		}
	}()
	h.ReadMetrics([]MetricSample{{Name: "/offheap/nothing:bytes"}})
}
