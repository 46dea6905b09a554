package objscan

import (
	"encoding/binary"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A StackFunc is what one function's machine code does with the stack.
type StackFunc struct {
	// Key names the function in the build: its linker symbol, with the ABI of
	// assembly and the package of what only that can name.
	Key     string
	Name    string // for people, type arguments folded
	Package string // import path
	File    string // of the declaration or literal, "" of assembly
	Line    int
	// Runtime reports a function of the runtime's own packages, Wrapper one that
	// the compiler has made.
	Runtime, Wrapper bool

	// Bytes is the frame: how far the stack pointer goes down at most, without
	// the return address that the call pushed. Known is false where the code has
	// no table of it.
	Bytes int
	Known bool
	// Check reports whether the function asks for more stack where it is short.
	Check bool

	Calls []StackCall
	// Starts are the functions that go statements start: keys, "" of one that
	// comes through a pointer.
	Starts []string
	// Deferred are the functions that the compiler has made of defer statements:
	// they are run from the function's end.
	Deferred []string
}

// A StackCall is a call, or a jump to another function.
type StackCall struct {
	To   string // the key, "" through a pointer
	Used int    // how far down the stack pointer is there, the pushed return address included
	Line int    // of the function itself, where the callee's caller was inlined into it
	// Body is where the call stands: in the body of what was inlined.
	Body alloc.Pos
	// Cold reports that control cannot come back from there to a return: it is on the
	// way to a panic. It is known of amd64 and arm64.
	Cold bool
}

// auxPcsp is the kind of the table of stack depths by PC.
const auxPcsp = 7

// Stack returns what the functions of a package's archive do with the stack, in
// the order of the archive.
func (s *Scanner) Stack(importPath string) ([]StackFunc, error) {
	if s.archives[importPath] == "" && s.plain[importPath] != "" {
		importPath = s.plain[importPath]
	}
	var list []StackFunc
	err := s.each(importPath, func(o *object) error {
		r, err := s.reader(importPath, o)
		if err != nil {
			return err
		}
		sr := &stackReader{callReader: r, keys: make(map[symRef]string)}
		for i := range o.defined {
			if !o.isText(i) {
				continue
			}
			f, err := sr.read(i)
			if err != nil {
				return err
			}
			list = append(list, f)
		}
		return nil
	})
	return list, err
}

// A stackReader reads the functions of one object.
type stackReader struct {
	*callReader
	keys map[symRef]string
}

// ABIs of a symbol's definition (cmd/internal/obj/abi_string.go,
// cmd/internal/goobj SymABIstatic).
const (
	abi0      = 0
	abiStatic = 1<<16 - 1
)

// key names what a reference means in the whole build.
func (r *stackReader) key(ref symRef) string {
	if k, ok := r.keys[ref]; ok {
		return k
	}
	k := r.o.refName(ref)
	if i := r.o.local(ref); i >= 0 {
		k = r.keyOf(i)
	} else if k == "" {
		k = r.s.types.funcName(r.o, ref)
	} else if ofMain(k) {
		k += "<" + r.pkg + ">"
	}
	r.keys[ref] = k
	return k
}

// keyOf is the key of the i-th symbol.
func (r *stackReader) keyOf(i int) string {
	name := r.o.name(i)
	switch binary.LittleEndian.Uint16(r.o.sym(i)[8:]) {
	case abi0:
		return name + "<0>"
	case abiStatic:
		return name + "<" + r.pkg + ">"
	}
	if ofMain(name) {
		return name + "<" + r.pkg + ">"
	}
	return name
}

// ofMain reports a symbol of a main package, or an instance for a type of one: a
// build may have several.
func ofMain(name string) bool {
	if strings.HasPrefix(name, "main.") {
		return true
	}
	i := strings.IndexByte(name, '[')
	return i >= 0 && (strings.Contains(name[i:], "[main.") || strings.Contains(name[i:], ",main.") || strings.Contains(name[i:], "*main.") || strings.Contains(name[i:], "]main."))
}

// Symbol is the linker symbol of a key.
func Symbol(key string) string {
	if i := strings.LastIndexByte(key, '<'); i >= 0 && strings.HasSuffix(key, ">") {
		return key[:i]
	}
	return key
}

// AnyABI is the key of the same function in the ABI that Go code has, or, of such
// a one, in that of assembly.
func AnyABI(key string) string {
	if name, ok := strings.CutSuffix(key, "<0>"); ok {
		return name
	}
	return key + "<0>"
}

func (r *stackReader) read(i int) (StackFunc, error) {
	o := r.o
	f := StackFunc{Key: r.keyOf(i), Package: r.pkg, Runtime: OfRuntime(r.pkg)}
	f.Name = funcName(o.name(i), r.mainPath)
	fi, err := o.funcInfo(i)
	if err != nil {
		return f, err
	}
	q := pcQuantum(o.goarch)
	f.Wrapper = r.s.wrapper != 0 && fi.funcID == r.s.wrapper
	if fi.startLine > 0 && len(fi.file) > 0 {
		f.File, f.Line = r.file(int(fi.file.at(0, q))), fi.startLine
	}
	depth := o.depths(i)
	f.Bytes, f.Known = depth.max()
	code, word := o.symData(i), returnAddress(o.goarch)
	var starts starts
	var offs, dead []int // of calls, of those that do not return
	panics := false
	for b := o.relocs(i); len(b) >= relocSize; b = b[relocSize:] {
		rel := readReloc(b)
		if rel.off < 0 || rel.off >= len(code) {
			continue
		}
		indirect := rel.typ == relocCallInd
		if !indirect && !rel.isCall() {
			if name, closure, ok := r.value(rel.sym); ok {
				if strings.Contains(name, ".deferwrap") {
					f.Deferred = append(f.Deferred, name)
				}
				starts.value(stmtAt(&fi, rel.off, q), name, closure)
			}
			continue
		}
		to := ""
		if !indirect {
			to = r.key(rel.sym)
			switch {
			case strings.HasPrefix(to, "runtime.morestack"):
				f.Check = true
				continue
			case r.s.ends[strings.TrimSuffix(to, "<0>")]:
				// On the way to a panic or an exit. Those that the compiler has put there,
				// such as of an index, have nothing on the way.
				dead = append(dead, rel.off)
				panics = panics || to == "runtime.gopanic"
				continue
			}
		}
		starts.call(stmtAt(&fi, rel.off, q), to)
		used := max(0, int(depth.at(rel.off, q)))
		if indirect || !isJump(o.goarch, code, rel.off) {
			used += word
		}
		call := StackCall{To: to, Used: used, Line: r.outerLine(&fi, rel.off, q)}
		if len(fi.file) > 0 {
			call.Body = alloc.Pos{File: r.file(int(fi.file.at(rel.off, q))), Line: int(fi.line.at(rel.off, q))}
		}
		f.Calls = append(f.Calls, call)
		offs = append(offs, rel.off)
	}
	if panics && len(offs) > 0 {
		markCold(f.Calls, offs, dead, instructions(o.goarch, code))
	}
	f.Starts = starts.started()
	slices.Sort(f.Deferred)
	f.Deferred = slices.Compact(f.Deferred)
	return f, nil
}

// markCold marks the calls, at offsets, from which no return is reached.
func markCold(calls []StackCall, offs, dead []int, code []insn) {
	if code == nil {
		return
	}
	slices.Sort(dead)
	back := returning(code, dead)
	for i, off := range offs {
		k, ok := slices.BinarySearchFunc(code, off, func(in insn, off int) int { return in.off - off })
		if !ok {
			k--
		}
		calls[i].Cold = k >= 0 && !back[k]
	}
}

// value is the key of a function whose address is taken; closure reports that it
// is the code's own.
func (r *stackReader) value(ref symRef) (name string, closure, ok bool) {
	if i := r.o.local(ref); i >= 0 && r.o.isText(i) {
		return r.key(ref), true, true
	}
	name, ok = strings.CutSuffix(r.o.refName(ref), "·f")
	if ok && ofMain(name) {
		name += "<" + r.pkg + ">"
	}
	return name, false, ok
}

// outerLine is the line of the function itself at an offset: of the outermost
// call that was inlined there.
func (r *stackReader) outerLine(fi *funcInfo, off, quantum int) int {
	line := int(fi.line.at(off, quantum))
	for n, node := 0, fi.inline.at(off, quantum); node >= 0 && n <= maxInline; n++ {
		in, ok := fi.node(node)
		if !ok {
			break
		}
		line, node = in.line, int32(in.parent)
	}
	return max(line, 0)
}

// depths are how far the stack pointer is down, by PC.
func (o *object) depths(i int) (t pcTable) {
	o.aux(i, func(kind byte, r symRef) {
		if kind == auxPcsp {
			t = o.symData(o.local(r))
		}
	})
	return t
}

// max is the largest value of a table; ok is false where it has none.
func (t pcTable) max() (value int, ok bool) {
	v := int32(-1)
	for first := true; ; first = false {
		dv, n := uvarint(t)
		if n == 0 || dv == 0 && !first {
			return value, ok
		}
		t = t[n:]
		if _, n = uvarint(t); n == 0 {
			return value, ok
		}
		t = t[n:]
		v += int32(dv>>1) ^ -int32(dv&1)
		value, ok = max(value, int(v)), true
	}
}

// returnAddress are the bytes that a call pushes.
func returnAddress(goarch string) int {
	switch goarch {
	case "amd64":
		return 8
	case "386":
		return 4
	}
	return 0
}

// isJump reports a jump where a relocation of a call stands: the operand's
// offset on x86, the instruction's elsewhere. A jump pushes nothing.
func isJump(goarch string, code []byte, off int) bool {
	switch goarch {
	case "amd64", "386":
		return off > 0 && code[off-1] == 0xe9
	}
	return false // it pushes nothing there either way
}
