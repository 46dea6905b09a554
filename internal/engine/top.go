package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/memprof"
	"github.com/stackward-go/stackward/internal/stdpkg"
)

// A Top looks at a running process again and again, by its net/http/pprof.
type Top struct {
	client  *Client
	profile url.URL  // the heap profile's
	looks   []moment // the last ones, the oldest first
}

// A moment is what a process said at once.
type moment struct {
	at    time.Time
	stats *runtime.MemStats
	prof  *memprof.Profile // nil: nothing was sampled yet
}

// window is over how many looks rates are told.
const window = 10

// NewTop is for the process that serves a URL, which may name its heap profile.
func NewTop(name string) (*Top, error) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, &Error{Msg: fmt.Sprintf("%q is no URL", name), Hint: "write it as http://localhost:6060", Usage: true}
	}
	if before, _, ok := strings.Cut(u.Path, "/debug/pprof"); ok {
		u.Path = before
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/debug/pprof/heap"
	u.RawQuery = ""
	return &Top{client: NewClient(Patience), profile: *u}, nil
}

// Look asks the process. The first look has no rates.
func (t *Top) Look(ctx context.Context) (*alloc.HeapTop, error) {
	now := moment{at: time.Now()}
	text, err := t.get(ctx, "debug=1")
	if err != nil {
		return nil, err
	}
	if now.stats, err = memprof.Stats(string(text)); err != nil {
		return nil, &Error{Msg: t.profile.String() + "?debug=1 is no heap profile", Err: err, Hint: "is it net/http/pprof that is served there?"}
	}
	data, err := t.get(ctx, "")
	if err != nil {
		return nil, err
	}
	if now.prof, err = memprof.Parse(data, t.profile.String()); err != nil && !errors.Is(err, memprof.ErrEmpty) {
		return nil, adviseProfile(err)
	}
	top := now.top()
	if len(t.looks) > 0 {
		before := t.looks[0]
		if before.stats.Mallocs > now.stats.Mallocs {
			t.looks = nil // it is another process by now
		} else if err := rates(top, &before, &now); err != nil {
			return nil, err
		}
	}
	if t.looks = append(t.looks, now); len(t.looks) > window {
		t.looks = t.looks[1:]
	}
	return top, nil
}

// get is a page of the heap profile.
func (t *Top) get(ctx context.Context, query string) ([]byte, error) {
	u := t.profile
	u.RawQuery = query
	const hint = "is it running, and serving net/http/pprof?"
	resp, err := t.client.Get(ctx, &u, hint)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &Error{Msg: u.String() + ": " + resp.Status, Hint: hint}
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, &Error{Msg: "reading " + u.String(), Err: err}
	}
	return data, nil
}

func (l *moment) top() *alloc.HeapTop {
	m := l.stats
	return &alloc.HeapTop{
		Time: l.at, LiveBytes: int64(m.HeapAlloc), LiveObjects: int64(m.Mallocs) - int64(m.Frees), GoalBytes: int64(m.NextGC),
		InuseBytes: int64(m.HeapInuse), IdleBytes: int64(m.HeapIdle), ReleasedBytes: int64(m.HeapReleased), StackBytes: int64(m.StackInuse),
		SysBytes: int64(m.Sys), Collections: int64(m.NumGC), GCShare: m.GCCPUFraction, NoSamples: l.prof == nil,
	}
}

// rates adds what came between two looks.
func rates(t *alloc.HeapTop, before, now *moment) error {
	seconds := now.at.Sub(before.at).Seconds()
	was, is := before.stats, now.stats
	t.Window = seconds
	t.ObjectsPerSecond = float64(is.Mallocs-was.Mallocs) / seconds
	t.BytesPerSecond = float64(is.TotalAlloc-was.TotalAlloc) / seconds
	t.CollectionsPerSecond = float64(is.NumGC-was.NumGC) / seconds
	if now.prof == nil {
		return nil
	}
	diff := *now.prof // whose own stays as it is
	if before.prof != nil {
		switch err := diff.Subtract(before.prof); {
		case errors.Is(err, memprof.ErrSame):
			return nil
		case err != nil:
			return adviseProfile(err)
		}
	}
	sites := make(map[alloc.Frame]*alloc.HeapTopSite)
	for _, s := range diff.Samples() {
		if s.Allocs <= 0 && s.InUseBytes == 0 {
			continue
		}
		if slices.ContainsFunc(s.Frames, ofLook) {
			continue
		}
		f := topFrame(s.Frames)
		site := sites[f]
		if site == nil {
			site = &alloc.HeapTopSite{Func: f.Func, File: f.File, Line: f.Line}
			sites[f] = site
			t.Sites = append(t.Sites, site)
		}
		site.ObjectsPerSecond += s.Allocs / seconds
		site.BytesPerSecond += s.Bytes / seconds
		site.GrowthPerSecond += s.InUseBytes / seconds
	}
	slices.SortFunc(t.Sites, func(a, b *alloc.HeapTopSite) int {
		return cmp.Or(cmp.Compare(b.BytesPerSecond, a.BytesPerSecond), strings.Compare(a.Func, b.Func), a.Line-b.Line)
	})
	return nil
}

// ofLook reports whether a frame is of what answers a look: net/http/pprof, or heapz.
func ofLook(f alloc.Frame) bool {
	return strings.HasPrefix(f.Func, "net/http/pprof.") || strings.HasPrefix(f.Func, heapzFunc)
}

// topFrame is the first frame that is not of the standard library.
func topFrame(frames []alloc.Frame) alloc.Frame {
	for _, f := range frames {
		if !stdpkg.Has(packageOf(f.Func)) {
			return alloc.Frame{Func: f.Func, File: f.File, Line: f.Line}
		}
	}
	if len(frames) == 0 {
		return alloc.Frame{}
	}
	f := frames[0]
	return alloc.Frame{Func: f.Func, File: f.File, Line: f.Line}
}
