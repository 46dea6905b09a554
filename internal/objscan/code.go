package objscan

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// A Code is the machine code of one build, function by function: what each
// calls, allocates and refers to. An archive is read when a function of it is
// first asked for. It is safe for concurrent use.
type Code struct {
	s *Scanner

	mu       sync.Mutex
	packages map[string]*codePackage // by key of the archive
	errs     []error
	all      map[string][]*Func // of every archive, by symbol; nil until it is needed
}

// A codePackage is one archive.
type codePackage struct {
	path    string // import path, without a test variant's suffix
	runtime bool
	symbols map[string][]*Func // by linker symbol
	names   map[string][]*Func // by name for people
	places  map[place][]*Func
}

type place struct {
	file string
	line int
}

// A Func is one function's machine code. Generated wrappers are functions, too.
type Func struct {
	Symbol  string // as the linker writes it, with type arguments
	Name    string // for people, type arguments folded
	Package string // import path
	File    string // of the declaration or literal, "" of assembly
	Line    int
	// Runtime reports a function of the runtime's own packages.
	Runtime bool

	code *Code
	r    *callReader
	i    int

	once     sync.Once
	refs     []Ref
	noreturn int8 // 1 it does not, -1 it does, 2 being asked
}

// A RefKind says what a function does with a symbol.
type RefKind int8

// The kinds.
const (
	RefCall    RefKind = iota // calls it
	RefDynamic                // calls through a pointer: To is ""
	RefAlloc                  // calls an entry of the runtime that allocates
	RefValue                  // takes its address: a function value, or what a type's methods are found by
)

// A Ref is one place of a function's code.
type Ref struct {
	Kind RefKind
	To   string // linker symbol; of a function value without "·f"
	// Cold reports that control cannot come back from there: it is on the way
	// to a panic or an exit.
	Cold bool
	// Call is the entry, with the type it is handed, of [RefAlloc].
	Call alloc.Call
	// Frames are the inline stack at the place, innermost first.
	Frames []alloc.Frame
}

// Code returns the machine code of the scanner's archives.
func (s *Scanner) Code() *Code {
	return &Code{s: s, packages: make(map[string]*codePackage)}
}

// Err is what could not be read so far.
func (c *Code) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.errs) == 0 {
		return nil
	}
	return c.errs[0]
}

// Named returns the functions of a package by their name for people: all
// instances of a generic one.
func (c *Code) Named(importPath, name string) []*Func {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.open(importPath); p != nil {
		return p.names[name]
	}
	return nil
}

// At returns the functions of a package that are declared, or written as a
// literal, at a line.
func (c *Code) At(importPath, file string, line int) []*Func {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.open(importPath); p != nil {
		return p.places[place{file, line}]
	}
	return nil
}

// Find returns the functions that a symbol means where a function of package
// from refers to it: one, or its forms for several ABIs; none where the build
// has no Go or assembly of it.
func (c *Code) Find(from, symbol string) []*Func {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.open(from); p != nil && p.symbols[symbol] != nil {
		return p.symbols[symbol]
	}
	path := unescape(pathOf(symbol))
	for path != "" {
		if p := c.open(path); p != nil && p.symbols[symbol] != nil {
			return p.symbols[symbol]
		}
		// A dot may be part of the last element of the path: "gopkg.in/yaml.v3".
		rest := symbol[len(path):]
		i := strings.IndexByte(rest[min(1, len(rest)):], '.')
		if i < 0 || strings.ContainsAny(rest[:i+1], "([/") {
			break
		}
		path += rest[:i+1]
	}
	// What linkname pushes: from the runtime most of the time.
	if c.all == nil {
		c.all = make(map[string][]*Func)
		for _, key := range slices.Sorted(maps.Keys(c.s.archives)) {
			if p, _, _ := strings.Cut(key, " "); OfRuntime(p) {
				c.openAll(p)
			}
		}
	}
	if f := c.all[symbol]; f != nil {
		return f
	}
	for _, key := range slices.Sorted(maps.Keys(c.s.archives)) {
		p, _, _ := strings.Cut(key, " ")
		c.openAll(p)
	}
	return c.all[symbol]
}

func (c *Code) openAll(path string) {
	if p := c.open(path); p != nil {
		for symbol, list := range p.symbols {
			if c.all[symbol] == nil {
				c.all[symbol] = list
			}
		}
	}
}

// open reads an archive's list of functions, nil where there is none.
func (c *Code) open(importPath string) *codePackage {
	p, ok := c.packages[importPath]
	if ok {
		return p
	}
	file := c.s.archives[importPath]
	if file == "" {
		file = c.s.archives[c.s.plain[importPath]]
	}
	if file == "" {
		c.packages[importPath] = nil
		return nil
	}
	p = &codePackage{
		path: importPath, runtime: OfRuntime(importPath),
		symbols: make(map[string][]*Func), names: make(map[string][]*Func), places: make(map[place][]*Func),
	}
	c.packages[importPath] = p
	// The objects are looked into as long as there are questions, so that the
	// file is read, not mapped for a while.
	data, err := os.ReadFile(file)
	if err == nil {
		err = c.s.eachObject(data, func(o *object) error { return c.add(p, o) })
	}
	if err != nil {
		c.errs = append(c.errs, fmt.Errorf("reading object archive %s: %w", file, err))
	}
	return p
}

func (c *Code) add(p *codePackage, o *object) error {
	r, err := c.s.reader(p.path, o)
	if err != nil {
		return err
	}
	for i := range o.defined {
		if !o.isText(i) {
			continue
		}
		f := &Func{Symbol: o.name(i), Package: p.path, Runtime: p.runtime, code: c, r: r, i: i}
		f.Name = funcName(f.Symbol, r.mainPath)
		fi, err := o.funcInfo(i)
		if err != nil {
			return err
		}
		if fi.startLine > 0 && len(fi.file) > 0 {
			f.File, f.Line = r.file(int(fi.file.at(0, pcQuantum(o.goarch)))), fi.startLine
			at := place{f.File, f.Line}
			p.places[at] = append(p.places[at], f)
		}
		p.symbols[f.Symbol] = append(p.symbols[f.Symbol], f)
		p.names[f.Name] = append(p.names[f.Name], f)
	}
	return nil
}

// Refs are the places of the function's code that call, allocate or refer to a
// function, in the order of the code.
func (f *Func) Refs() []Ref {
	f.once.Do(func() {
		var err error
		if f.refs, err = f.read(); err != nil {
			f.code.mu.Lock()
			f.code.errs = append(f.code.errs, fmt.Errorf("%s: %w", f.Name, err))
			f.code.mu.Unlock()
		}
	})
	return f.refs
}

// relocCallInd marks a call through a pointer; it has no symbol.
const relocCallInd = 10

func (f *Func) read() ([]Ref, error) {
	o := f.r.o
	var refs []Ref
	var offs, nth []int
	relocs := o.relocs(f.i)
	for n := 0; n+relocSize <= len(relocs); n += relocSize {
		rel := readReloc(relocs[n:])
		ref := Ref{}
		switch {
		case rel.typ == relocCallInd:
			ref.Kind = RefDynamic
		case rel.isCall():
			ref.To = o.refName(rel.sym)
			if ref.To == f.Symbol || ref.To == "" {
				if ref.To == "" {
					return nil, fmt.Errorf("a call at offset %d has no name", rel.off)
				}
				continue // of itself, or a wrapper of another ABI
			}
			switch f.code.s.entries[ref.To] {
			case dedicated:
				ref.Kind = RefAlloc
			case incidental:
				continue
			}
		default:
			name := o.refName(rel.sym)
			value, isFunc := strings.CutSuffix(name, "·f")
			if !isFunc {
				// A closure with captured variables is made of the code's address.
				if i := o.local(rel.sym); i < 0 || !o.isText(i) {
					continue
				}
			}
			ref.Kind, ref.To = RefValue, value
		}
		refs, offs, nth = append(refs, ref), append(offs, rel.off), append(nth, n)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	fi, err := o.funcInfo(f.i)
	if err != nil {
		return nil, err
	}
	live := f.live(refs, offs)
	for i := range refs {
		ref := &refs[i]
		ref.Cold = live != nil && ref.Kind != RefValue && !live(offs[i])
		if fi.line != nil {
			if ref.Frames, err = f.r.frames(f.Name, &fi, offs[i]); err != nil {
				return nil, err
			}
		}
		if ref.Kind != RefAlloc {
			continue
		}
		ref.Call = alloc.Call{Package: f.Package, Entry: ref.To, Frames: ref.Frames}
		f.r.operand(&ref.Call, o.symData(f.i), relocs[:nth[i]], offs[i])
	}
	return refs, nil
}

// live reports of offsets whether control can come from there to a return; it
// is nil where that is not known.
func (f *Func) live(refs []Ref, offs []int) func(off int) bool {
	code := instructions(f.r.o.goarch, f.r.o.symData(f.i))
	if code == nil {
		return nil
	}
	var dead []int
	for i, ref := range refs {
		if ref.Kind == RefCall && f.code.ends(f.Package, ref.To) {
			dead = append(dead, offs[i])
		}
	}
	slices.Sort(dead)
	back := returning(code, dead)
	return func(off int) bool {
		i, ok := slices.BinarySearchFunc(code, off, func(in insn, off int) int { return in.off - off })
		if !ok {
			i--
		}
		return i < 0 || back[i]
	}
}

// ends reports a function that does not return.
func (c *Code) ends(from, symbol string) bool {
	if c.s.ends[symbol] {
		return true
	}
	if c.s.entries[symbol] != 0 || strings.HasPrefix(symbol, "runtime.") || strings.HasPrefix(symbol, "internal/runtime/") {
		return false
	}
	list := c.Find(from, symbol)
	if len(list) == 0 {
		return false
	}
	for _, f := range list {
		if f.Runtime || !f.ends() {
			return false
		}
	}
	return true
}

func (f *Func) ends() bool {
	c := f.code
	c.mu.Lock()
	known := f.noreturn
	if known == 0 {
		f.noreturn = 2
	}
	c.mu.Unlock()
	if known != 0 {
		return known == 1
	}
	o := f.r.o
	code := instructions(o.goarch, o.symData(f.i))
	var dead []int
	for b := o.relocs(f.i); len(b) >= relocSize && len(code) > 0; b = b[relocSize:] {
		if rel := readReloc(b); rel.isCall() {
			if to := o.refName(rel.sym); to != f.Symbol && c.ends(f.Package, to) {
				dead = append(dead, rel.off)
			}
		}
	}
	slices.Sort(dead)
	result := int8(-1)
	if len(dead) > 0 && !returning(code, dead)[0] {
		result = 1
	}
	c.mu.Lock()
	f.noreturn = result
	c.mu.Unlock()
	return result == 1
}

// Internal reports a function of the runtime that only the runtime and the
// compiler know: whether it allocates was asked of it when the entries were
// derived.
func (f *Func) Internal() bool { return f.Runtime && !exported(f.Symbol) }
