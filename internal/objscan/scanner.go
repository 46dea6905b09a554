package objscan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A Scanner reads the object archives of one build, as the go command keeps
// them: `go list -export` names the files. It is safe for concurrent use.
type Scanner struct {
	archives map[string]string // by import path
	// plain are the keys of archives by import path without the suffix of a
	// test variant, where only the variant was built.
	plain   map[string]string
	tools   *toolchain
	entries map[string]entryKind
	ends    map[string]bool // functions of the runtime that do not return
	wrapper byte            // the function kind of generated wrappers
	types   typeCache
}

// A Runtime is what the archives of a runtime tell: of all archives of a build
// they take the longest to read, and are the same in every build of a toolchain.
type Runtime struct {
	Entries map[string]byte // kinds by name
	Ends    map[string]bool // functions that do not return
	Wrapper byte            // the function kind of generated wrappers
}

// Derived hands over what another Scanner found in the same archives of the
// runtime.
func Derived(rt *Runtime) Option {
	return func(s *Scanner) error {
		s.wrapper, s.ends = rt.Wrapper, rt.Ends
		s.entries = make(map[string]entryKind, len(rt.Entries))
		for name, kind := range rt.Entries {
			s.entries[name] = entryKind(kind)
		}
		return nil
	}
}

// Runtime is what the scanner found in the archives of the runtime.
func (s *Scanner) Runtime() *Runtime {
	rt := &Runtime{Entries: make(map[string]byte, len(s.entries)), Ends: s.ends, Wrapper: s.wrapper}
	for name, kind := range s.entries {
		rt.Entries[name] = byte(kind)
	}
	return rt
}

// OfRuntime reports whether a package's archive is one of those that a Runtime
// depends on.
func OfRuntime(importPath string) bool {
	return importPath == "runtime" || strings.HasPrefix(importPath, "internal/runtime/")
}

// An Option changes how a Scanner reads.
type Option func(*Scanner) error

// GOROOT tells where the toolchain of the build is installed. Without it the
// environment and the go command are asked.
func GOROOT(dir string) Option {
	return func(s *Scanner) (err error) {
		s.tools, err = readToolchain(dir)
		return err
	}
}

// NewScanner makes a Scanner of archives, files by import path. They must
// hold package runtime and should hold all dependencies: a type defined in
// another package is sized there.
func NewScanner(archives map[string]string, options ...Option) (*Scanner, error) {
	s := &Scanner{archives: archives, plain: make(map[string]string)}
	for _, key := range slices.Sorted(maps.Keys(archives)) {
		if path, _, variant := strings.Cut(key, " "); variant && archives[path] == "" && s.plain[path] == "" {
			s.plain[path] = key
		}
	}
	for _, opt := range options {
		if err := opt(s); err != nil {
			return nil, err
		}
	}
	if archives["runtime"] == "" {
		return nil, errors.New("reading object archives: none of package runtime")
	}
	if s.entries == nil {
		if err := s.readRuntime(); err != nil {
			return nil, err
		}
	}
	s.types.s = s
	return s, nil
}

// readRuntime derives the entries from the archives of the runtime.
func (s *Scanner) readRuntime() error {
	g := &graph{nodes: make(map[string]*node)}
	for path := range s.archives {
		if !OfRuntime(path) {
			continue
		}
		err := s.each(path, func(o *object) error {
			g.goarch = o.goarch
			g.add(o)
			s.wrapper = max(s.wrapper, o.maxFuncID())
			return nil
		})
		if err != nil {
			return err
		}
	}
	listed := make(map[string]bool)
	for _, name := range s.tools.builtins {
		listed[name] = true
	}
	for name := range s.tools.typeArg {
		listed[name] = true
	}
	var err error
	if s.entries, err = derive(g, func(name string) bool { return listed[name] }); err != nil {
		return fmt.Errorf("reading object archive %s: %w", s.archives["runtime"], err)
	}
	s.ends = make(map[string]bool)
	for name, n := range g.nodes {
		if n.noreturn {
			s.ends[name] = true
		}
	}
	return nil
}

// Entries are the derived functions of the runtime whose purpose is to return
// new memory or to grow, sorted.
func (s *Scanner) Entries() []string { return sortedEntries(s.entries, dedicated) }

// Incidental reports a function of the runtime that may allocate records of
// its own, but is called for something else: to receive from a channel, to
// assert a type. [Scanner.Calls] leaves such calls out.
func (s *Scanner) Incidental(entry string) bool { return s.entries[entry] == incidental }

// each calls f with the objects of a package's archive, whose data is only
// valid during the call.
func (s *Scanner) each(importPath string, f func(*object) error) error {
	file := s.archives[importPath]
	if file == "" {
		return fmt.Errorf("reading object archive: none of package %s", importPath)
	}
	err := mapped(file, func(data []byte) error { return s.eachObject(data, f) })
	if err != nil {
		return fmt.Errorf("reading object archive %s: %w", file, err)
	}
	return nil
}

func (s *Scanner) eachObject(data []byte, f func(*object) error) error {
	ms, err := members(data)
	if err != nil {
		return err
	}
	for _, m := range ms {
		if s.tools == nil {
			root, err := findGOROOT(m.version)
			if err != nil {
				return err
			}
			if s.tools, err = readToolchain(root); err != nil {
				return err
			}
		}
		o, err := newObject(m, s.tools.builtins)
		if err != nil {
			return err
		}
		if err := f(o); err != nil {
			return err
		}
	}
	return nil
}

// Calls returns the calls in a package's machine code that may allocate, in
// the order of the code. Calls of incidental entries are left out.
func (s *Scanner) Calls(importPath string) ([]alloc.Call, error) {
	var calls []alloc.Call
	err := s.each(importPath, func(o *object) (err error) {
		calls, err = s.appendCalls(calls, importPath, o)
		return err
	})
	return calls, err
}
