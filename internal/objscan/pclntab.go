package objscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sort"
)

// pclnMagic starts the table of go1.20 and later (internal/abi/symtab.go).
const pclnMagic = 0xfffffff1

// Indices into a function's tables (internal/abi/symtab.go), the same from
// go1.24 to go1.27.
const (
	pcdataInlTree   = 2
	funcdataInlTree = 3
)

const (
	funcSize    = 11 * 4 // of runtime._func, without the arrays behind it
	inlCallSize = 16     // of runtime.inlinedCall
)

// A pclntab is the runtime's table of functions, files and lines
// (runtime/symtab.go).
type pclntab struct {
	order   binary.ByteOrder
	ptrSize int
	quantum int
	addr    uint64 // of the header
	nfunc   int
	// text is the address that function offsets count from, gofunc that of
	// functions' data.
	text   uint64
	gofunc []byte

	names, cus, files, pctab []byte
	funcs                    []byte // the index, then what it points to
}

var (
	errPclntab  = errors.New("no table of functions (pclntab) of go1.20 or later")
	errPclnSize = errors.New("table of functions: offset beyond the file")
)

// newPclntab reads the table's header at the start of b, which lies at addr.
func newPclntab(b []byte, order binary.ByteOrder, addr uint64) (*pclntab, error) {
	if len(b) < 8 || order.Uint32(b) != pclnMagic || b[4] != 0 || b[5] != 0 || b[7] != 4 && b[7] != 8 || b[6] != 1 && b[6] != 2 && b[6] != 4 {
		return nil, errPclntab
	}
	t := &pclntab{order: order, quantum: int(b[6]), ptrSize: int(b[7]), addr: addr}
	const words = 8
	if len(b) < 8+words*t.ptrSize {
		return nil, errPclnSize
	}
	var w [words]uint64
	for i := range w {
		at := b[8+i*t.ptrSize:]
		if t.ptrSize == 4 {
			w[i] = uint64(order.Uint32(at))
		} else {
			w[i] = order.Uint64(at)
		}
	}
	// w[2] is the start of text until go1.25, 0 since.
	prev := uint64(8 + words*t.ptrSize)
	for _, off := range w[3:] {
		if off < prev || off > uint64(len(b)) {
			return nil, errPclnSize
		}
		prev = off
	}
	t.text = w[2]
	t.names, t.cus, t.files, t.pctab, t.funcs = b[w[3]:w[4]], b[w[4]:w[5]], b[w[5]:w[6]], b[w[6]:w[7]], b[w[7]:]
	if w[0] > uint64(len(t.funcs))/8 || int(w[0])*8+4 > len(t.funcs) {
		return nil, errPclnSize
	}
	t.nfunc = int(w[0])
	return t, nil
}

// u32 reads at an offset; 0 beyond the end.
func (t *pclntab) u32(b []byte, off uint64) uint32 {
	if off+4 > uint64(len(b)) || off+4 < off {
		return 0
	}
	return t.order.Uint32(b[off:])
}

// start is the offset of the i-th function from the start of text; the
// nfunc-th is the end of the last.
func (t *pclntab) start(i int) uint64 { return uint64(t.u32(t.funcs, uint64(i)*8)) }

// find is the function that covers an address, -1 where none does.
func (t *pclntab) find(pc uint64) int {
	if pc < t.text || t.nfunc == 0 {
		return -1
	}
	off := pc - t.text
	i := sort.Search(t.nfunc+1, func(i int) bool { return t.start(i) > off }) - 1
	if i >= t.nfunc {
		return -1
	}
	return i
}

// A pcFunc is one function of the table.
type pcFunc struct {
	t    *pclntab
	b    []byte // runtime._func and what follows
	off  uint64 // from the start of text
	size uint64
}

// fn is the i-th function, false where the index points nowhere.
func (t *pclntab) fn(i int) (pcFunc, bool) {
	if i < 0 || i >= t.nfunc {
		return pcFunc{}, false
	}
	at := uint64(t.u32(t.funcs, uint64(i)*8+4))
	if at+funcSize > uint64(len(t.funcs)) {
		return pcFunc{}, false
	}
	f := pcFunc{t: t, b: t.funcs[at:], off: t.start(i)}
	if end := t.start(i + 1); end > f.off {
		f.size = end - f.off
	}
	return f, true
}

func (f pcFunc) field(i int) uint32 { return f.t.u32(f.b, uint64(i)*4) }

func (f pcFunc) name() []byte      { return f.t.name(f.field(1)) }
func (f pcFunc) nameOff() uint32   { return f.field(1) }
func (f pcFunc) file() pcTable     { return f.t.table(f.field(5)) }
func (f pcFunc) line() pcTable     { return f.t.table(f.field(6)) }
func (f pcFunc) npcdata() uint64   { return uint64(f.field(7)) }
func (f pcFunc) cu() uint64        { return uint64(f.field(8)) }
func (f pcFunc) startLine() int    { return int(int32(f.field(9))) }
func (f pcFunc) funcID() byte      { return f.b[40] }
func (f pcFunc) nfuncdata() uint64 { return uint64(f.b[43]) }
func (f pcFunc) inlIndex() pcTable {
	if f.npcdata() <= pcdataInlTree {
		return nil
	}
	off := f.t.u32(f.b, funcSize+4*pcdataInlTree)
	if off == 0 {
		return nil
	}
	return f.t.table(off)
}

// inlTree is the function's inline tree, raw.
func (f pcFunc) inlTree() []byte {
	if f.nfuncdata() <= funcdataInlTree {
		return nil
	}
	at := funcSize + 4*f.npcdata() + 4*funcdataInlTree
	if at+4 > uint64(len(f.b)) {
		return nil
	}
	off := uint64(f.t.u32(f.b, at))
	if off == 1<<32-1 || off >= uint64(len(f.t.gofunc)) {
		return nil
	}
	return f.t.gofunc[off:]
}

// An inlCall is one call that was replaced by the callee's body.
type inlCall struct {
	funcID   byte
	name     uint32
	parentPC int // offset of an instruction that stands where the call did
}

func (t *pclntab) inlCall(tree []byte, i int32) (inlCall, bool) {
	if i < 0 || (int(i)+1)*inlCallSize > len(tree) {
		return inlCall{}, false
	}
	b := tree[int(i)*inlCallSize:]
	return inlCall{b[0], t.order.Uint32(b[4:]), int(int32(t.order.Uint32(b[8:])))}, true
}

func (t *pclntab) table(off uint32) pcTable {
	if uint64(off) >= uint64(len(t.pctab)) {
		return nil
	}
	return t.pctab[off:]
}

// cstring is the zero-terminated string at an offset.
func cstring(b []byte, off uint64) []byte {
	if off >= uint64(len(b)) {
		return nil
	}
	s, _, _ := bytes.Cut(b[off:], []byte{0})
	return s
}

func (t *pclntab) name(off uint32) []byte { return cstring(t.names, uint64(off)) }

// fileName is the i-th file of a function's compilation unit.
func (t *pclntab) fileName(cu uint64, i int32) []byte {
	if i < 0 {
		return nil
	}
	at := (cu + uint64(i)) * 4
	if at+4 > uint64(len(t.cus)) {
		return nil
	}
	return cstring(t.files, uint64(t.u32(t.cus, at)))
}
