package heaprecord

import (
	"go/version"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// Programs built with each toolchain that the go command has fetched are recorded, and
// the recording is read: their traces have other formats.
func TestToolchains(t *testing.T) {
	if testing.Short() {
		t.Skip("builds standard libraries")
	}
	dir := module(t)
	env, err := (&gocmd.Config{Dir: dir}).Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	suffix := "." + runtime.GOOS + "-" + runtime.GOARCH
	found, err := filepath.Glob(filepath.Join(env.GOMODCACHE, "golang.org", "toolchain@v0.0.1-go*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, at := range found {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(at), "toolchain@v0.0.1-"), suffix)
		if version.Compare(name, gocmd.Oldest) < 0 {
			continue
		}
		tried++
		t.Run(name, func(t *testing.T) {
			req := request(t, dir, "go", "run", ".")
			req.Build.Env = append(os.Environ(), "GOTOOLCHAIN="+name, "GOROOT=")
			req.Exact = true
			f := record(t, t.Context(), req)
			if f.Start.Go != name {
				t.Fatalf("ran with %s", f.Start.Go)
			}
			r, err := engine.Heap(t.Context(), engine.HeapRequest{File: req.Out})
			if err != nil {
				t.Fatal(err)
			}
			h := r.Heap
			if len(r.Problems) > 0 || h.Unfit*1000 > int64(h.Events) {
				t.Errorf("%d of %d events do not fit: %v; problems: %v", h.Unfit, h.Events, h.Unfits, r.Problems)
			}
			nodes := int64(0)
			for _, s := range r.HeapSites {
				if strings.HasSuffix(s.Func, ".grow") && strings.HasSuffix(s.Type, ".node") {
					nodes += s.Objects
				}
			}
			if nodes != 20000 {
				t.Errorf("%d nodes", nodes)
			}
			held(t, h.Runtime)
		})
	}
	if tried == 0 {
		t.Skip("no toolchain but the one that runs this test")
	}
}
