package correlate

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A mover finds functions of an older build in today's source.
type mover struct {
	today *Today
	main  string            // import path of the program, "" unknown
	dirs  map[string]string // the package of each directory then
	start map[string]int    // of the functions then
	// inFile are the declared functions of each file then, by line.
	inFile map[string][]Then
	olds   map[oldKey]*old

	packages map[string]map[string]*function // by import path and name
	names    map[lineKey][]calling           // what the source calls
	calls    map[lineKey][]*alloc.Call       // in the machine code
}

// A function is a declared function of today's source.
type function struct {
	pkg string
	extent
	literals []extent  // in it
	next     *function // of the same name: init
}

// An extent is where a function is.
type extent struct {
	name       string // without the package
	file       string
	start, end int // lines
}

// A calling is a call in the source: by which function, and what.
type calling struct{ by, callee string }

func newMover(t *Today, then []Then) *mover {
	m := &mover{
		today: t, dirs: make(map[string]string), start: make(map[string]int), inFile: make(map[string][]Then), olds: make(map[oldKey]*old),
		packages: make(map[string]map[string]*function), names: make(map[lineKey][]calling), calls: make(map[lineKey][]*alloc.Call),
	}
	for i := range t.Calls {
		last := lineKey{}
		for _, f := range t.Calls[i].Frames {
			if k := (lineKey{f.File, f.Line}); k != last {
				m.calls[k] = append(m.calls[k], &t.Calls[i])
				last = k
			}
		}
	}
	var mains []Then
	for _, f := range then {
		pkg, name := m.split(f.Func)
		if m.start[f.Func] == 0 {
			m.start[f.Func] = f.Line
		}
		if f.File == "" || f.File[0] == '<' || path.Base(f.File) == "_testmain.go" {
			continue
		}
		if pkg == "main" {
			mains = append(mains, f)
		}
		if Declared(name) != name {
			continue
		}
		if !strings.HasSuffix(pkg, "_test") {
			m.dirs[path.Dir(f.File)] = pkg
		}
		if f.Line > 0 {
			m.inFile[f.File] = append(m.inFile[f.File], f)
		}
	}
	for _, file := range m.inFile {
		slices.SortFunc(file, func(a, b Then) int { return cmp.Compare(a.Line, b.Line) })
	}
	m.main = m.program(mains)
	return m
}

// program finds the main package whose functions the profile calls main.F: the
// one that has most of them, in files and directories of the same name.
func (m *mover) program(then []Then) string {
	best, score := "", 0
	for _, p := range m.today.Mains {
		s := 0
		for _, f := range then {
			_, name := m.split(f.Func)
			if fn := m.functions(p)[Declared(name)]; fn != nil && path.Base(fn.file) == path.Base(f.File) {
				s += 1 + 2*commonTail(path.Dir(fn.file), path.Dir(f.File))
			}
		}
		if s > score {
			best, score = p, s
		}
	}
	return best
}

// commonTail counts the elements that two paths end alike in, at most 8.
func commonTail(a, b string) int {
	n := 0
	for ; n < 8 && path.Base(a) == path.Base(b) && len(path.Base(a)) > 1; n++ {
		a, b = path.Dir(a), path.Dir(b)
	}
	return n
}

// functions are the declared functions of a package today by name; nil where
// the package is not known.
func (m *mover) functions(importPath string) map[string]*function {
	fns, ok := m.packages[importPath]
	if ok {
		return fns
	}
	for _, f := range m.today.Files(importPath) {
		if fns == nil {
			fns = make(map[string]*function)
		}
		for _, e := range f.Functions() {
			x := extent{e.Name, f.Name, e.Start, e.End}
			d := Declared(e.Name)
			switch fn := fns[d]; {
			case d == e.Name && fn == nil:
				fns[d] = &function{pkg: importPath, extent: x}
			case d == e.Name:
				for fn.next != nil {
					fn = fn.next
				}
				fn.next = &function{pkg: importPath, extent: x}
			case fn == nil: // of a variable of the package
				fns[d] = &function{pkg: importPath, extent: extent{name: d}, literals: []extent{x}}
			default:
				fn.literals = append(fn.literals, x)
			}
		}
		for _, c := range f.Calls() {
			if c.Deferred {
				continue
			}
			k := lineKey{f.Name, c.Line}
			m.names[k] = append(m.names[k], calling{c.Func, lastWord(c.Callee)})
		}
	}
	m.packages[importPath] = fns
	return fns
}

// old is the function of a frame of the profile.
func (m *mover) old(f alloc.Frame) *old {
	key := oldKey{f.Func, f.File}
	if o := m.olds[key]; o != nil {
		return o
	}
	o := &old{
		then: f.Func, name: f.Func, file: f.File, start: m.start[f.Func], offset: -1,
		needs: make(map[int]*need), to: make(map[int]int),
	}
	m.olds[key] = o
	pkg, name := m.split(f.Func)
	around := strings.TrimSuffix(f.Func, name) + Declared(name)
	base := path.Base(f.File)
	importPath, ok := m.known(pkg)
	if !ok || strings.HasPrefix(f.File, "<") || base == "_testmain.go" || strings.HasPrefix(base, "_cgo_") {
		o.unknown = true
		return o
	}
	if o.fn, o.literal = m.lookup(importPath, name); o.fn == nil {
		importPath, around = m.inlined(o, importPath, name)
	}
	if in := m.dirs[path.Dir(f.File)]; o.fn == nil && in != "" && in != pkg {
		o.unknown = true // another package lends it, as runtime does reflect.unsafe_New
		return o
	}
	if o.fn != nil && o.literal != "" {
		if at := m.start[around]; at > 0 && o.start > 0 {
			o.offset = o.start - at
		}
	}
	o.name = importPath + "." + cmp.Or(o.literal, name)
	return o
}

// split parts a full name of the profile into import path and name.
func (m *mover) split(fn string) (pkg, name string) {
	return SplitFunc(fn, func(path string) bool { return path == "main" || m.functions(path) != nil })
}

// known is a package's import path today, given the one in the profile.
func (m *mover) known(pkg string) (string, bool) {
	if pkg == "main" && m.main != "" {
		pkg = m.main
	}
	return pkg, m.functions(pkg) != nil
}

// lookup finds a function by its name without the package; literal is the name
// of the function literal in it that it is, "" none.
func (m *mover) lookup(pkg, name string) (fn *function, literal string) {
	fns := m.functions(pkg)
	name = strings.Replace(name, "glob..func", "init.func", 1) // until go1.20
	if name == "init" {
		// What initialises variables; the functions init are numbered.
		return &function{pkg: pkg, extent: extent{name: name}}, ""
	}
	if fn := fns[name]; fn != nil {
		return fn, ""
	}
	d := Declared(name)
	if rest, ok := strings.CutPrefix(d, "init."); ok {
		fn := fns["init"]
		for n, _ := strconv.Atoi(rest); n > 0 && fn != nil; n-- {
			fn = fn.next
		}
		return fn, ""
	}
	if strings.Contains(name[len(d):], ".func") {
		literal = name
	}
	return fns[d], literal
}

// inlined finds a literal of a function that was inlined: it bears the name of
// the function that it was inlined into, "main.(*T).M.func1" in function main,
// whatever package T is of. It returns the package, and the full name then of
// the function around the literal.
func (m *mover) inlined(o *old, pkg, name string) (importPath, around string) {
	then := pkg
	if d, ok := m.dirs[path.Dir(o.file)]; ok {
		if p, ok := m.known(d); ok {
			pkg, then = p, d
		}
	}
	depth := 0
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case '.':
			if depth > 0 {
				continue
			}
			if fn, lit := m.lookup(pkg, name[i+1:]); fn != nil && lit != "" {
				o.fn, o.literal = fn, lit
				return pkg, then + "." + Declared(lit)
			}
		}
	}
	return pkg, ""
}

// made is what the compiler appends to the name of a function for a literal in
// it, the body of a loop over a function, a call in a go or defer statement, a
// method value (cmd/compile/internal/ir/func.go, go1.26).
var made = regexp.MustCompile(`\.func[0-9]|-range[0-9]|\.gowrap[0-9]|\.deferwrap[0-9]|-fm$`)

// Declared is the declared function that a function is in, by its name without
// the package: F of F.func1.2.
func Declared(name string) string {
	if at := made.FindStringIndex(name); at != nil && at[0] > 0 {
		return name[:at[0]]
	}
	return name
}

// lastWord is the last name of a function that the source calls by its name, ""
// of a literal or what else the compiler makes.
func lastWord(fn string) string {
	fn = strings.TrimSuffix(alloc.FoldFunc(fn), "[...]")
	if made.MatchString(fn) || strings.HasSuffix(fn, ")") || strings.HasSuffix(fn, "}") {
		return ""
	}
	return fn[strings.LastIndexByte(fn, '.')+1:]
}
