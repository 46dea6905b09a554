// Package stacksize knows how the installed runtime sizes the stacks of
// goroutines.
//
//	GOROOT's source → Load → Rules.Grow(frames) → size, copies
//
// A stack begins with Rules.Min bytes. Each function that may need more than the
// guard area leaves compares its stack pointer, less its frame, with the guard
// as it begins; where that does not fit, the runtime copies all that is in use
// to a stack of twice the size, or of more where the frame needs it.
//
// The constants are those of the toolchain's own source: runtime/stack.go,
// internal/abi/stack.go, internal/runtime/sys. The rules are those of the
// assembler (stacksplit in cmd/internal/obj/ARCH) and of newstack and newproc1
// (runtime/stack.go, runtime/proc.go), the same from go1.24 to go1.26.
//
// What a stack shrinks by when the collector finds it less than a quarter used,
// and the start with more than the minimum that GODEBUG=adaptivestackstart=1
// asks for, are not looked at.
package stacksize

import (
	"errors"
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
)

// Rules are how stacks grow on one target. All are bytes.
type Rules struct {
	// Min is the size of a new goroutine's stack.
	Min int64
	// Guard is the distance from the bottom that the stack pointer must keep, and
	// Small what a function may go below it without telling.
	Guard, Small int64
	// Start is what is in use when the function that a go statement starts is
	// entered.
	Start int64
	// Call is what a call pushes: the return address, or nothing where that is in
	// a register.
	Call int64
}

// A Target is what the constants depend on.
type Target struct {
	GOROOT, GOOS, GOARCH string
	Race                 bool
}

// Load reads the constants of an installed toolchain.
func Load(t Target) (*Rules, error) {
	im := &importer{
		fset: token.NewFileSet(), packages: make(map[string]*types.Package),
		ctx: build.Context{GOROOT: t.GOROOT, GOOS: t.GOOS, GOARCH: t.GOARCH, Compiler: "gc"},
		src: filepath.Join(t.GOROOT, "src"),
	}
	if t.Race {
		im.ctx.BuildTags = []string{"race"}
	}
	rt, err := im.check("runtime", "stack.go")
	if err != nil {
		return nil, err
	}
	sys, err := im.Import("internal/runtime/sys")
	if err != nil {
		return nil, err
	}
	abi, err := im.Import("internal/abi")
	if err != nil {
		return nil, err
	}
	arch, err := im.Import("internal/goarch")
	if err != nil {
		return nil, err
	}
	var missing error
	value := func(p *types.Package, name string) int64 {
		if c, ok := p.Scope().Lookup(name).(*types.Const); ok {
			if n, ok := constant.Int64Val(constant.ToInt(c.Val())); ok {
				return n
			}
		}
		missing = errors.Join(missing, fmt.Errorf("reading the runtime's source: no constant %s.%s", p.Path(), name))
		return 0
	}
	word := value(arch, "PtrSize")
	r := &Rules{Min: value(rt, "fixedStack"), Guard: value(rt, "stackGuard"), Small: value(abi, "StackSmall")}
	// newproc1 leaves four words and a minimal frame free; on x86, gostartcall
	// (runtime/sys_x86.go) pushes the return address that a call would push.
	align := value(sys, "StackAlign")
	if missing != nil {
		return nil, missing
	}
	r.Start = (4*word + value(sys, "MinFrameSize") + align - 1) / align * align
	if t.GOARCH == "amd64" || t.GOARCH == "386" {
		r.Call = word
	}
	r.Start += r.Call
	return r, missing
}

// An importer types the constants of the few packages that the runtime's
// constants are made of.
type importer struct {
	fset     *token.FileSet
	ctx      build.Context
	src      string
	packages map[string]*types.Package
}

// Import reads a package below GOROOT/src, those that matter only.
func (im *importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if p := im.packages[path]; p != nil {
		return p, nil
	}
	if !slices.Contains([]string{"internal/abi", "internal/goarch", "internal/goos", "internal/runtime/sys"}, path) {
		return nil, fmt.Errorf("package %s is not needed", path)
	}
	return im.check(path, "*.go")
}

// check types the files of a package that a pattern matches. Constants have
// their values, however much else cannot be typed without the rest.
func (im *importer) check(path, pattern string) (*types.Package, error) {
	dir := filepath.Join(im.src, filepath.FromSlash(path))
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if ok, err := im.ctx.MatchFile(dir, filepath.Base(name)); err != nil || !ok || isTest(name) {
			continue
		}
		f, err := parser.ParseFile(im.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("reading the runtime's source: %w", err)
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("reading the runtime's source: no files %s", filepath.Join(dir, pattern))
	}
	cfg := types.Config{Importer: im, IgnoreFuncBodies: true, Error: func(error) {}, Sizes: types.SizesFor("gc", im.ctx.GOARCH)}
	p, _ := cfg.Check(path, im.fset, files, nil) // what else is wrong does not matter
	im.packages[path] = p
	return p, nil
}

func isTest(name string) bool {
	ok, _ := filepath.Match("*_test.go", filepath.Base(name))
	return ok
}

// A Frame is one function of a chain down a stack.
type Frame struct {
	// Used are the bytes in use above its frame, its return address with them.
	Used int64
	// Bytes is its frame.
	Bytes int64
	// Check reports whether it asks for room; one that does not goes on in what
	// the guard leaves.
	Check bool
}

// Wants are the bytes of stack that must be there for the function not to ask
// the runtime for more; 0 where it never does.
func (r *Rules) Wants(f Frame) int64 {
	if !f.Check {
		return 0
	}
	return f.Used + max(0, f.Bytes-r.Small) + r.Guard + 1
}

// Grow goes down a chain that begins with a stack of r.Min, outermost first, and
// returns how large the stack is in the end, how many times it was copied, and
// how many bytes were.
func (r *Rules) Grow(chain []Frame) (size int64, copies int, copied int64) {
	size = r.Min
	for _, f := range chain {
		for r.Wants(f) > size {
			size *= 2
			for size-f.Used < f.Bytes+r.Guard {
				size *= 2
			}
			copies++
			copied += f.Used
		}
	}
	return size, copies, copied
}
