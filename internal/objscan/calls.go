package objscan

import (
	"fmt"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A callReader reads the allocating calls of one object.
type callReader struct {
	s        *Scanner
	o        *object
	pkg      string // import path for people, without a test variant's suffix
	mainPath string // the same in a main package
	files    []string
	entries  map[symRef]string // references to entries
	barriers map[symRef]bool   // references to write barriers, which keep registers
	names    map[symRef]string // of inlined functions
}

// appendCalls appends the allocating calls of an object.
func (s *Scanner) appendCalls(calls []alloc.Call, importPath string, o *object) ([]alloc.Call, error) {
	r, err := s.reader(importPath, o)
	if err != nil || len(r.entries) == 0 {
		return calls, err
	}
	for i := range o.defined {
		if o.isText(i) {
			if calls, err = r.appendFunc(calls, i); err != nil {
				return calls, fmt.Errorf("symbol %d (%s): %w", i, o.name(i), err)
			}
		}
	}
	return calls, nil
}

// reader returns a reader of an object.
func (s *Scanner) reader(importPath string, o *object) (*callReader, error) {
	pkg, _, _ := strings.Cut(importPath, " ")
	r := &callReader{s: s, o: o, pkg: pkg, names: make(map[symRef]string)}
	if pkg != "main" {
		r.mainPath = pkg
	}
	r.findEntries()
	files, err := o.files()
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if rest, ok := strings.CutPrefix(f, "$GOROOT/"); ok {
			files[i] = s.tools.goroot + "/" + rest
		}
	}
	r.files = files
	return r, nil
}

// findEntries finds which of the object's references are entries.
func (r *callReader) findEntries() {
	r.entries = make(map[symRef]string)
	r.barriers = make(map[symRef]bool)
	add := func(ref symRef, name []byte) {
		if r.s.entries[string(name)] == dedicated {
			r.entries[ref] = string(name)
		} else if strings.HasPrefix(string(name), "runtime.gcWriteBarrier") {
			r.barriers[ref] = true
		}
	}
	for i, name := range r.o.builtins {
		add(symRef{pkgBuiltin, uint32(i)}, []byte(name))
	}
	block := r.o.block(blkRefName)
	for ; len(block) >= refNameSize; block = block[refNameSize:] {
		name, _ := r.o.strBytes(block[8:])
		add(readRef(block), name)
	}
	for i := range r.o.first[1] { // the runtime's own
		if r.o.isText(i) {
			name, _ := r.o.strBytes(r.o.sym(i))
			add(symRef{pkgSelf, uint32(i)}, name)
		}
	}
	for i := r.o.first[3]; i < r.o.first[5]; i++ {
		name, _ := r.o.strBytes(r.o.sym(i))
		add(symRef{pkgNone, uint32(i - r.o.first[3])}, name)
	}
}

// appendFunc appends the allocating calls of text symbol i.
func (r *callReader) appendFunc(calls []alloc.Call, i int) ([]alloc.Call, error) {
	relocs := r.o.relocs(i)
	var fi funcInfo
	var self string
	code := r.o.symData(i)
	for n := 0; n+relocSize <= len(relocs); n += relocSize {
		rel := readReloc(relocs[n:])
		entry, ok := r.entries[rel.sym]
		if !ok || !rel.isCall() {
			continue
		}
		if rel.off < 0 || rel.off >= len(code) {
			return calls, errOffset
		}
		if self == "" {
			var err error
			if fi, err = r.o.funcInfo(i); err != nil {
				return calls, err
			}
			self = funcName(r.o.name(i), r.mainPath)
		}
		if r.o.name(i) == entry {
			continue // a wrapper of another ABI
		}
		frames, err := r.frames(self, &fi, rel.off)
		if err != nil {
			return calls, err
		}
		c := alloc.Call{Package: r.pkg, Entry: entry, Frames: frames}
		r.operand(&c, code, relocs[:n], rel.off)
		calls = append(calls, c)
	}
	return calls, nil
}

// operand fills in the type that the call at off hands to its entry. relocs are
// those of the function before the call's.
func (r *callReader) operand(c *alloc.Call, code, relocs []byte, off int) {
	operand(c, r.o.goarch, r.s.tools.typeArg, func(arg int) (string, func() (typeSize, bool)) {
		ref, ok := r.typeOperand(code, relocs, off, arg)
		if !ok {
			return "", nil
		}
		t := strings.TrimPrefix(r.o.refName(ref), "type:")
		return t, func() (typeSize, bool) { return r.s.types.size(r.o, ref, t) }
	})
}

// frames is the inline stack at an offset into a function's code.
func (r *callReader) frames(self string, fi *funcInfo, off int) ([]alloc.Frame, error) {
	q := pcQuantum(r.o.goarch)
	file, line := int(fi.file.at(off, q)), int(fi.line.at(off, q))
	node := fi.inline.at(off, q)
	var frames []alloc.Frame
	for node >= 0 {
		in, ok := fi.node(node)
		if !ok || len(frames) > maxInline {
			return nil, errInline
		}
		frames = append(frames, alloc.Frame{Func: r.inlinedName(in.fn), File: r.file(file), Line: max(line, 0), Inlined: true})
		file, line, node = in.file, in.line, int32(in.parent)
	}
	if len(frames) > 0 && fi.funcID == r.s.wrapper && r.s.wrapper != 0 {
		// As runtime.CallersFrames does: a generated wrapper is nobody's code.
		frames[len(frames)-1].Inlined = false
		return frames, nil
	}
	return append(frames, alloc.Frame{Func: self, File: r.file(file), Line: max(line, 0)}), nil
}

func (r *callReader) file(i int) string {
	if i < 0 || i >= len(r.files) {
		return ""
	}
	return r.files[i]
}

func (r *callReader) inlinedName(ref symRef) string {
	name, ok := r.names[ref]
	if !ok {
		sym := r.o.refName(ref)
		if sym == "" {
			sym = r.s.types.funcName(r.o, ref)
		}
		name = funcName(sym, r.mainPath)
		r.names[ref] = name
	}
	return name
}

// typeOperand finds the type whose address the code puts into an argument
// register before a call at off. relocs are those before the call's.
func (r *callReader) typeOperand(code, relocs []byte, off, arg int) (symRef, bool) {
	const far = 512 // bytes of code that set up one call's arguments, at most
	for n := len(relocs) - relocSize; n >= 0; n -= relocSize {
		rel := readReloc(relocs[n:])
		if rel.off < off-far || rel.off < 0 || rel.off >= off {
			break
		}
		if rel.isCall() {
			if r.barriers[rel.sym] {
				continue
			}
			break
		}
		end, ok := addressLoad(r.o.goarch, code, rel.off, arg)
		if !ok {
			continue
		}
		if !strings.HasPrefix(r.o.refName(rel.sym), "type:") || overwritten(r.o.goarch, code[end:off], arg) {
			break
		}
		return rel.sym, true
	}
	return symRef{}, false
}
