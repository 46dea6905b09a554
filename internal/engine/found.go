package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/rogpeppe/go-internal/cache"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/objscan"
)

// A found is what Find knows of the named packages before it filters: the part
// of its work that depends on nothing but what was built, and so is kept from
// one run to the next.
type found struct {
	Sites   []*alloc.Site
	Generic []generic
	PGO     []string
}

// found joins the evidence or, where nothing has changed since it last did,
// reads what came of it.
func (p *pipeline) found(ctx context.Context) (*found, error) {
	store, h := p.store("found")
	f := new(found)
	var id cache.ActionID
	if store != nil {
		id = p.kept(h)
		// An entry that cannot be read is one that is not there.
		if data, _, err := store.GetBytes(id); err == nil && unpack(data, f) == nil {
			p.pgo = f.PGO
			return f, nil
		}
	}
	if err := p.read(); err != nil {
		return nil, err
	}
	j, err := p.join(ctx)
	if err != nil {
		return nil, err
	}
	f = &found{Sites: p.ownSites(j.Sites())}
	if f.Generic, err = p.uncompiled(); err != nil {
		return nil, err
	}
	p.fill(f.Sites, j)
	f.PGO = p.pgo
	if store == nil || p.unlisted || len(p.problems) > 0 {
		return f, nil
	}
	return f, keep(store, id, f)
}

// keep puts a value into the cache. A cache that cannot be written costs time, no
// more.
func keep(store *cache.Cache, id cache.ActionID, v any) error {
	data, err := pack(v)
	if err != nil {
		return err
	}
	if store.PutBytes(id, data) == nil {
		_ = store.Trim()
	}
	return nil
}

// pack and unpack are the form that is kept: a large module's sites take
// megabytes, and each edit makes an entry.
func pack(v any) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func unpack(data []byte, v any) error {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return json.NewDecoder(z).Decode(v)
}

// runtime is what the archives of the runtime tell, from the cache if it has it;
// nil where they have to be read, and keep keeps what was.
func (p *pipeline) runtime() (rt *objscan.Runtime, keep func(*objscan.Runtime)) {
	store, h := p.store("runtime")
	if store == nil {
		return nil, func(*objscan.Runtime) {}
	}
	for _, path := range slices.Sorted(maps.Keys(p.archives)) {
		if objscan.OfRuntime(path) {
			fmt.Fprintf(h, "archive %q: %q\n", path, p.archives[path])
		}
	}
	id := h.Sum()
	if data, _, err := store.GetBytes(id); err == nil && json.Unmarshal(data, &rt) == nil && rt != nil && len(rt.Entries) > 0 {
		return rt, func(*objscan.Runtime) {}
	}
	return nil, func(rt *objscan.Runtime) {
		if data, err := json.Marshal(rt); err == nil {
			_ = store.PutBytes(id, data) // as in found
		}
	}
}

// kept is the key of what Find found: the go command's settings, and every
// archive that was built or used. An archive's name in the build cache is the
// hash of what it holds, which the hash of its sources is part of.
func (p *pipeline) kept(h *cache.Hash) cache.ActionID {
	fmt.Fprintf(h, "in %q, root %q\n", p.cfg.Dir, p.root())
	fmt.Fprintf(h, "for %s %s %q\n", p.env.GOOS, p.env.GOARCH, p.env.GOFLAGS)
	fmt.Fprintf(h, "flags %q\n", p.cfg.BuildFlags)
	p.keptOverlay(h)
	for _, pkg := range p.listed {
		main := pkg.Module != nil && pkg.Module.Main
		fmt.Fprintf(h, "package %q for %q named %t main %t in %q: %q\n", pkg.ImportPath, pkg.ForTest, !pkg.DepOnly, main, pkg.Dir, pkg.Export)
	}
	return h.Sum()
}

// keptOverlay adds the user's overlay to a key: what it holds, wherever that is.
func (p *pipeline) keptOverlay(h *cache.Hash) {
	for _, name := range slices.Sorted(maps.Keys(p.overlay)) {
		text, err := os.ReadFile(p.overlay[name]) // none of a file that it takes away
		fmt.Fprintf(h, "overlay %q: %x %t\n", name, sha256.Sum256(text), err == nil)
	}
}

// store opens the cache, and begins the key of something that is asked of it:
// this very program, and the toolchain. It returns nil where nothing can be kept:
// there is no cache, or a package did not compile.
func (p *pipeline) store(what string) (*cache.Cache, *cache.Hash) {
	dir := p.build.Cache
	if dir == "" || len(p.problems) > 0 || os.MkdirAll(dir, 0o777) != nil {
		return nil, nil
	}
	self, err := program()
	if err != nil {
		return nil, nil
	}
	store, err := cache.Open(dir)
	if err != nil {
		return nil, nil
	}
	h := cache.NewHash(what)
	fmt.Fprintf(h, "program %x\ngo %s %q\n", self, p.env.GOVERSION, p.env.GOROOT)
	return store, h
}

// program is the hash of the running executable.
var program = sync.OnceValues(func() ([cache.HashSize]byte, error) {
	file, err := os.Executable()
	if err != nil {
		return [cache.HashSize]byte{}, err
	}
	return cache.FileHash(file)
})
