package objscan

import (
	"bytes"
	"debug/buildinfo"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/stackward-go/stackward/alloc"
)

// A Binary is a linked executable: ELF, Mach-O or PE. It is safe for
// concurrent use.
type Binary struct {
	file     string
	image    *image
	table    *pclntab
	types    uint64 // addresses of the types' descriptors: the first,
	etypes   uint64 // and the end
	wrapper  byte   // the function kind of generated wrappers
	mainPath string
	version  string

	mu    sync.RWMutex
	names map[uint32]string
	files map[fileRef]string

	starts func() map[string]int // functions by name
}

type fileRef struct {
	cu   uint64
	file int32
}

// OpenBinary reads an executable. It reads allocating calls on amd64 and
// arm64, and PCs on all architectures.
func OpenBinary(file string) (*Binary, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading executable: %w", err)
	}
	b, err := newBinary(data)
	if err != nil {
		return nil, fmt.Errorf("reading executable %s: %w", file, err)
	}
	b.file = file
	return b, nil
}

func newBinary(data []byte) (*Binary, error) {
	m, err := newImage(data)
	if err != nil {
		return nil, err
	}
	t, err := findPclntab(m)
	if err != nil {
		return nil, err
	}
	b := &Binary{image: m, table: t, names: make(map[uint32]string), files: make(map[fileRef]string)}
	if info, err := buildinfo.Read(bytes.NewReader(data)); err == nil {
		b.mainPath, b.version = info.Path, info.GoVersion
	}
	if md, ok := m.moduledata(t); ok {
		b.types, _ = m.word(md[mdTypes*m.ptrSize:])
		b.etypes, _ = m.word(md[mdEtypes*m.ptrSize:])
		if minor := goMinor(b.version); minor >= 27 || minor == 0 {
			// There the size of the descriptors comes first, then the end.
			if end, _ := m.word(md[(mdEtypes+1)*m.ptrSize:]); end > b.types {
				b.etypes = end
			}
		}
	}
	for i := range t.nfunc {
		f, ok := t.fn(i)
		if !ok {
			return nil, fmt.Errorf("function %d: %w", i, errPclnSize)
		}
		// Generated wrappers have the highest kind (internal/abi/symtab.go),
		// and every program has some.
		b.wrapper = max(b.wrapper, f.funcID())
	}
	b.starts = sync.OnceValue(func() map[string]int {
		starts := make(map[string]int, t.nfunc)
		for i := range t.nfunc {
			if f, ok := t.fn(i); ok {
				if name := b.name(f.nameOff()); starts[name] == 0 {
					starts[name] = i
				}
			}
		}
		return starts
	})
	return b, nil
}

// Close releases what the Binary holds.
func (b *Binary) Close() error { return nil }

// TextStart is the link-time address of runtime.text: a running program's PCs
// are shifted by the difference to where it lies there.
func (b *Binary) TextStart() uint64 { return b.table.text }

// Frames are the logical frames at a return PC, innermost first, with inlined
// calls expanded and generated wrappers left out, as runtime.CallersFrames
// does. PCs are link-time addresses. The result is empty for a PC outside of
// the program's functions and for one in a wrapper.
func (b *Binary) Frames(pc uint64) []alloc.Frame {
	i := b.table.find(pc)
	f, ok := b.table.fn(i)
	if !ok {
		return nil
	}
	off := int(pc - b.table.text - f.off)
	if off > 0 {
		off-- // into the call
	}
	return b.frames(f, off, true)
}

// frames is the inline stack at an offset into a function.
func (b *Binary) frames(f pcFunc, off int, elide bool) []alloc.Frame {
	t := b.table
	q := t.quantum
	var frames []alloc.Frame
	index, lines, files := f.inlIndex(), f.line(), f.file()
	var tree []byte
	if index != nil {
		tree = f.inlTree()
	}
	for depth := 0; depth < maxInline; depth++ {
		name, id, parent, inlined := f.nameOff(), f.funcID(), 0, false
		if tree != nil {
			if c, ok := t.inlCall(tree, index.at(off, q)); ok {
				name, id, parent, inlined = c.name, c.funcID, c.parentPC, true
			}
		}
		if !elide || id != b.wrapper {
			frames = append(frames, alloc.Frame{
				Func:    b.name(name),
				File:    b.fileName(f.cu(), files.at(off, q)),
				Line:    max(int(lines.at(off, q)), 0),
				Inlined: inlined,
			})
		}
		if !inlined {
			break
		}
		off = parent
	}
	if n := len(frames); n > 0 {
		frames[n-1].Inlined = false // whatever it was inlined into is a wrapper
	}
	return frames
}

func (b *Binary) name(off uint32) string {
	b.mu.RLock()
	name, ok := b.names[off]
	b.mu.RUnlock()
	if ok {
		return name
	}
	name = funcName(string(b.table.name(off)), b.mainPath)
	b.mu.Lock()
	b.names[off] = name
	b.mu.Unlock()
	return name
}

func (b *Binary) fileName(cu uint64, file int32) string {
	key := fileRef{cu, file}
	b.mu.RLock()
	name, ok := b.files[key]
	b.mu.RUnlock()
	if ok {
		return name
	}
	name = string(b.table.fileName(cu, file))
	b.mu.Lock()
	b.files[key] = name
	b.mu.Unlock()
	return name
}

// FuncStart is the file and line where a function starts, by its full name.
// Of several instantiations of a generic function it is the first.
func (b *Binary) FuncStart(name string) (alloc.Pos, bool) {
	i, ok := b.starts()[name]
	if !ok {
		return alloc.Pos{}, false
	}
	f, _ := b.table.fn(i)
	file := b.fileName(f.cu(), f.file().at(0, b.table.quantum))
	if strings.HasPrefix(file, "<") {
		return alloc.Pos{}, false
	}
	return alloc.Pos{File: file, Line: f.startLine()}, true
}
