package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/benchrun"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/expr"
	"github.com/stackward-go/stackward/internal/gcdiag"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/sizeclass"
)

// A pipeline is the state of one request: the user's go command, what it
// built, and the evidence read so far.
type pipeline struct {
	build Build
	cfg   *gocmd.Config
	env   *gocmd.Env
	sizes *sizeclass.Table

	packages map[string]*gocmd.Package // by import path, test variants folded
	named    []*gocmd.Package          // those that the patterns match
	listed   []*gocmd.Package          // all, as the go command listed them
	unread   []*gocmd.Package          // of which the compiler said what was not read yet
	spoken   map[*gocmd.Package]bool   // of which it said something
	asked    map[string]bool           // their import paths
	archives map[string]string
	diags    map[string][]*alloc.Diagnostic // by import path
	unknown  map[string][]string            // lines that are no diagnostics, by import path
	problems []*alloc.Problem
	pgo      []string // profiles that the order takes into account
	// calls are those of the machine code that join reads, where keepCalls asks
	// for them.
	calls     []alloc.Call
	keepCalls bool
	program   benchrun.Program // that Cost runs
	why       string           // what speaks against the recorder, "" nothing

	scanner *objscan.Scanner // of archives, once join has made it

	filesMu  sync.Mutex
	fset     *token.FileSet
	files    map[string]*expr.File
	sources  map[string]bool // the files of the packages
	unlisted bool            // whether others were read: what a //line directive names
	imports  *expr.Importer
	overlay  map[string]string // the user's: what replaces a file
}

// open asks the go command where it stands.
func open(ctx context.Context, b Build) (*pipeline, error) {
	dir := b.Dir
	if dir == "" {
		dir = "."
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := isDir(dir); errors.Is(err, fs.ErrPermission) {
		return nil, &Error{Msg: "reading directory " + b.Dir, Err: fs.ErrPermission}
	} else if err != nil {
		return nil, &Error{Msg: fmt.Sprintf("no directory %s", b.Dir), Hint: "give -C a directory inside of a module", Usage: true}
	}
	p := &pipeline{
		build:    b,
		packages: make(map[string]*gocmd.Package),
		asked:    make(map[string]bool),
		archives: make(map[string]string),
		diags:    make(map[string][]*alloc.Diagnostic),
		unknown:  make(map[string][]string),
		fset:     token.NewFileSet(),
		files:    make(map[string]*expr.File),
		sources:  make(map[string]bool),
		spoken:   make(map[*gocmd.Package]bool),
	}
	// What allocates is the same with -trimpath, but files would have names that
	// nobody can open.
	p.cfg = &gocmd.Config{Dir: dir, Env: b.Env, BuildFlags: append(slices.Clip(b.Flags), "-trimpath=false"), Overlay: b.Overlay}
	if b.Progress != nil {
		p.cfg.Progress = func(g gocmd.Progress) { b.Progress(g.Step, g.Done, g.Total, g.Package) }
	}
	p.cfg.Know(b.GoEnv)
	p.env, err = p.cfg.Environ(ctx)
	if err != nil {
		return nil, advise(err)
	}
	if p.overlay, err = gocmd.ReadOverlay(b.Overlay); err != nil {
		return nil, advise(err)
	}
	p.sizes, err = sizeclass.Load(p.env.GOROOT)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// isDir fails for what is no directory, or cannot be read: the go command would be
// what cannot be run there.
func isDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	st, err := f.Stat()
	if err == nil && !st.IsDir() {
		err = syscall.ENOTDIR
	}
	return err
}

func (p *pipeline) progress(step string, done, total int, what string) {
	if p.build.Progress != nil {
		p.build.Progress(step, done, total, what)
	}
}

// compile has the packages that the user asks for compiled, with all that they
// depend on, and reads what the compiler says.
func (p *pipeline) compile(ctx context.Context, req gocmd.Request) error {
	if err := p.compileOnly(ctx, req, false); err != nil {
		return err
	}
	return p.read()
}

// compileOnly leaves what the compiler says to read. Packages that are compiled
// aside are not what the user asked for.
func (p *pipeline) compileOnly(ctx context.Context, req gocmd.Request, aside bool) error {
	req.Deps = true
	build, err := p.cfg.Build(ctx, req)
	if err != nil {
		return advise(err)
	}
	p.listed = append(p.listed, build.Packages...)
	for _, pkg := range build.Packages {
		for _, name := range pkg.GoFiles {
			p.sources[name] = true
		}
		if len(pkg.Text) > 0 {
			p.unread = append(p.unread, pkg)
			p.spoken[pkg] = true
		}
		path := plainPath(pkg.ImportPath)
		if old := p.packages[path]; old == nil || !pkg.DepOnly {
			p.packages[path] = pkg
		}
		if pkg.Export != "" {
			// Of a package and its variant for its test, the variant holds
			// the functions of both.
			if p.archives[path] == "" || pkg.ForTest == path {
				p.archives[path] = pkg.Export
			}
		}
		if pkg.DepOnly {
			continue
		}
		if aside {
			continue
		}
		p.named = append(p.named, pkg)
		p.asked[path] = true
		for _, e := range pkg.Errors {
			p.problems = append(p.problems, &alloc.Problem{Package: path, Message: e.Message, Pos: parsePos(e.Pos)})
		}
		if len(pkg.Errors) == 0 && len(pkg.GoFiles) > 0 && pkg.Export == "" && path != "unsafe" { // which is the compiler itself
			if err := p.read(); err != nil {
				return err
			}
			p.problems = append(p.problems, &alloc.Problem{Package: path, Message: "not compiled: " + strings.Join(p.unknown[path], "; ")})
		}
	}
	return nil
}

// read reads what the compiler said of packages since it last did.
func (p *pipeline) read() error {
	type said struct {
		diags   []*alloc.Diagnostic
		unknown []string
	}
	all := make([]said, len(p.unread))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, pkg := range p.unread {
		g.Go(func() error {
			s := &all[i]
			for d, err := range gcdiag.Read(bytes.NewReader(pkg.Text), p.cfg.Dir) {
				if u, ok := errors.AsType[*gcdiag.Unknown](err); ok {
					s.unknown = append(s.unknown, u.Text)
					continue
				}
				if err != nil {
					return err
				}
				s.diags = append(s.diags, d)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, pkg := range p.unread {
		path := plainPath(pkg.ImportPath)
		p.diags[path] = append(p.diags[path], all[i].diags...)
		p.unknown[path] = append(p.unknown[path], all[i].unknown...)
		pkg.Text = nil // it is long
	}
	p.unread = nil
	return nil
}

// plainPath is an import path without the suffix of a test variant.
func plainPath(importPath string) string {
	path, _, _ := strings.Cut(importPath, " ")
	return path
}

// importedFirst orders packages so that the sites of a body are known before the
// copies of it in packages that import it.
func (p *pipeline) importedFirst(paths []string) []string {
	order := make([]string, 0, len(paths))
	joined := make(map[string]bool)
	for _, path := range paths {
		joined[path] = true
	}
	seen := make(map[string]bool)
	var visit func(path string)
	visit = func(path string) {
		if seen[path] {
			return
		}
		seen[path] = true
		if pkg := p.packages[path]; pkg != nil {
			for _, imp := range pkg.Imports {
				visit(plainPath(imp))
			}
		}
		if joined[path] {
			order = append(order, path)
		}
	}
	for _, path := range paths {
		visit(path)
	}
	return order
}

// eachArchive reads the machine code of those packages that have an archive, several
// at a time.
func (p *pipeline) eachArchive(ctx context.Context, paths []string, read func(i int, path string) error) error {
	var done int
	var mu sync.Mutex
	g, reading := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range paths {
		if p.archives[path] == "" {
			continue
		}
		g.Go(func() error {
			if err := reading.Err(); err != nil {
				return err
			}
			if err := read(i, path); err != nil {
				return err
			}
			mu.Lock()
			done++
			p.progress("reading machine code", done, len(paths), path)
			mu.Unlock()
			return nil
		})
	}
	return g.Wait()
}

// join makes the sites of the packages that were compiled.
func (p *pipeline) join(ctx context.Context) (*correlate.Joiner, error) {
	paths := slices.Sorted(maps.Keys(p.diags))
	for _, pkg := range p.named {
		if path := plainPath(pkg.ImportPath); !slices.Contains(paths, path) && p.archives[path] != "" {
			paths = append(paths, path)
		}
	}
	paths = p.importedFirst(paths)
	scanner, err := p.archiveScanner(ctx)
	if err != nil {
		return nil, err
	}
	p.imports = expr.NewImporter(func(path string) string { return p.archives[path] })
	calls := make([][]alloc.Call, len(paths))
	err = p.eachArchive(ctx, paths, func(i int, path string) (err error) {
		if calls[i], err = scanner.Calls(path); err != nil {
			return err
		}
		for k := range calls[i] {
			p.rooted(calls[i][k].Frames)
		}
		p.types(path)
		return nil
	})
	if err != nil {
		return nil, err
	}
	j := correlate.New(p.file)
	j.Known = p.known
	j.Slot = p.slot
	tracer := p.tracer()
	tracer.Lookup = func(_ context.Context, path string) ([]*alloc.Diagnostic, error) { return p.diags[path], nil }
	j.Dynamic = func(d *alloc.Diagnostic) bool {
		dynamic, err := tracer.Dynamic(ctx, d)
		return err == nil && dynamic // an error would be of Lookup, which has none
	}
	for i, path := range paths {
		j.Package(path, p.diags[path], calls[i])
		if p.keepCalls {
			p.calls = append(p.calls, calls[i]...)
		}
	}
	return j, nil
}

// rooted makes the files of frames absolute. A //line directive may name one by
// a relative path, which the machine code keeps; the compiler's text has the
// same, and package gcdiag takes it as relative to the go command's directory.
func (p *pipeline) rooted(frames []alloc.Frame) {
	for i := range frames {
		f := &frames[i]
		if f.File != "" && f.File[0] != '<' && !filepath.IsAbs(filepath.FromSlash(f.File)) {
			f.File = filepath.ToSlash(filepath.Join(p.cfg.Dir, filepath.FromSlash(f.File)))
		}
	}
}

// types has the files of a package parsed and typed.
func (p *pipeline) types(path string) {
	pkg := p.packages[path]
	if pkg == nil {
		return
	}
	var files []*expr.File
	for _, name := range pkg.GoFiles {
		if f := p.file(filepath.ToSlash(name)); f != nil {
			files = append(files, f)
		}
	}
	expr.Check(path, p.fset, files, p.imports, p.env.GOARCH)
}

// needRuntime finds the runtime's archive, which go list does not name for a
// package that imports nothing.
func (p *pipeline) needRuntime(ctx context.Context) error {
	if p.archives["runtime"] != "" {
		return nil
	}
	build, err := p.cfg.Build(ctx, gocmd.Request{Patterns: []string{"runtime"}, Deps: true})
	if err != nil {
		return advise(err)
	}
	for _, pkg := range build.Packages {
		if pkg.Export != "" {
			p.archives[pkg.ImportPath] = pkg.Export
		}
	}
	return nil
}

// file is the parsed source file of an absolute, slash-separated name, nil
// where it cannot be read.
func (p *pipeline) file(name string) *expr.File {
	p.filesMu.Lock()
	f, ok := p.files[name]
	p.filesMu.Unlock()
	if ok || name == "" || name[0] == '<' {
		return f
	}
	if src, err := os.ReadFile(p.onDisk(name)); err == nil {
		f, _ = expr.Parse(p.fset, name, src) // what could be parsed is used
	}
	p.filesMu.Lock()
	defer p.filesMu.Unlock()
	p.unlisted = p.unlisted || f != nil && !p.sources[name]
	if g, ok := p.files[name]; ok {
		return g
	}
	p.files[name] = f
	return f
}

// onDisk is the file that holds a source file's text: another one where the
// user's overlay replaces it.
func (p *pipeline) onDisk(name string) string {
	if r, ok := p.overlay[filepath.FromSlash(name)]; ok {
		return r
	}
	return filepath.FromSlash(name)
}

// header says what was asked and of which toolchain.
func (p *pipeline) header(command string) alloc.Header {
	h := alloc.Header{
		Schema: alloc.Schema, Command: command,
		Go: p.env.GOVERSION, GOOS: p.env.GOOS, GOARCH: p.env.GOARCH,
	}
	for _, pkg := range p.named {
		if pkg.Module != nil {
			h.Module = pkg.Module.Path
			break
		}
	}
	return h
}

// own reports whether a function belongs to the user's own packages: those of
// the main modules, or else those that were named.
func (p *pipeline) own(fn string) bool {
	path, _ := correlate.SplitFunc(fn, p.known)
	return p.ownPackage(path)
}

// known reports whether the program has a package of an import path.
func (p *pipeline) known(importPath string) bool { return p.packages[importPath] != nil }

func (p *pipeline) ownPackage(path string) bool {
	if !p.asked[path] {
		path = strings.TrimSuffix(path, "_test")
	}
	if p.asked[path] {
		return true
	}
	pkg := p.packages[path]
	return pkg != nil && pkg.Module != nil && pkg.Module.Main
}
