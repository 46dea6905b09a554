package objscan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The goobj format, as cmd/internal/goobj/objfile.go describes it; it is the
// same from go1.24 to go1.27.
const (
	objMagic   = "\x00go120ld"
	headerSize = len(objMagic) + 8 + 4 + 4*numBlocks

	symSize     = 8 + 2 + 1 + 1 + 1 + 4 + 4
	relocSize   = 4 + 1 + 2 + 8 + 8
	auxSize     = 1 + 8
	refNameSize = 8 + 8
	stringSize  = 8
)

// Blocks of an object, in file order.
const (
	blkAutolib = iota
	blkPkgIdx
	blkFile
	blkSymdef
	blkHashed64def
	blkHasheddef
	blkNonpkgdef
	blkNonpkgref
	blkRefFlags
	blkHash64
	blkHash
	blkRelocIdx
	blkAuxIdx
	blkDataIdx
	blkReloc
	blkAux
	blkData
	blkRefName
	blkEnd
	numBlocks
)

// Package indices with a meaning of their own.
const (
	pkgNone     = 1<<31 - 1 - iota // by name
	pkgHashed64                    // content-addressable, short
	pkgHashed                      // content-addressable
	pkgBuiltin                     // the toolchain's list of runtime symbols
	pkgSelf                        // of this object
)

// Kinds of auxiliary symbols.
const (
	auxFuncInfo = 1
	auxPcfile   = 8
	auxPcline   = 9
	auxPcinline = 10
)

// Symbol kinds (cmd/internal/objabi/symkind.go).
const (
	kindText     = 1
	kindTextFIPS = 2
)

// A symRef names a symbol from within an object.
type symRef struct{ pkg, sym uint32 }

// An object is one Go object file. Its blocks are checked when it is opened,
// so that only names and what symbol data itself says can be wrong later.
type object struct {
	member
	off      [numBlocks]uint32
	builtins []string
	// first is the index of the first symbol of each of the five arrays in
	// the common numbering; first[5] is the number of all symbols.
	first   [6]int
	defined int // symbols with relocations, auxiliary symbols and data
	// refs are the offsets of the references to symbols of other packages in
	// their block.
	refs map[symRef]uint32
}

var errMagic = errors.New("wrong magic: not a Go object of go1.20 or later")

func newObject(m member, builtins []string) (*object, error) {
	o := &object{member: m, builtins: builtins}
	if len(m.data) < len(objMagic) || string(m.data[:len(objMagic)]) != objMagic {
		return nil, errMagic
	}
	if len(m.data) < headerSize {
		return nil, errors.New("header beyond the file")
	}
	prev := uint32(headerSize)
	for i := range o.off {
		o.off[i] = binary.LittleEndian.Uint32(m.data[len(objMagic)+12+4*i:])
		if o.off[i] < prev || uint64(o.off[i]) > uint64(len(m.data)) {
			return nil, fmt.Errorf("block %d: offset beyond the file", i)
		}
		prev = o.off[i]
	}
	for i := range 5 {
		o.first[i+1] = o.first[i] + o.blockLen(blkSymdef+i)/symSize
	}
	o.defined = o.first[4]
	for _, c := range []struct{ idx, blk, size int }{
		{blkRelocIdx, blkReloc, relocSize}, {blkAuxIdx, blkAux, auxSize}, {blkDataIdx, blkData, 1},
	} {
		if o.blockLen(c.idx) < 4*(o.defined+1) {
			return nil, fmt.Errorf("block %d: %d entries for %d symbols", c.idx, o.blockLen(c.idx)/4, o.defined)
		}
		n, prev := uint32(o.blockLen(c.blk)/c.size), uint32(0)
		for i := range o.defined + 1 {
			x := o.index(c.idx, i)
			if x < prev || x > n {
				return nil, fmt.Errorf("symbol %d: offset beyond the file", i)
			}
			prev = x
		}
	}
	block := o.block(blkRefName)
	o.refs = make(map[symRef]uint32, len(block)/refNameSize)
	for i := 0; i+refNameSize <= len(block); i += refNameSize {
		if _, err := o.strBytes(block[i+8:]); err != nil {
			return nil, fmt.Errorf("name of reference %d: %w", i/refNameSize, err)
		}
		o.refs[readRef(block[i:])] = uint32(i)
	}
	for i := range o.first[5] {
		if _, err := o.strBytes(o.sym(i)); err != nil {
			return nil, fmt.Errorf("symbol %d: name: %w", i, err)
		}
	}
	return o, nil
}

func (o *object) block(b int) []byte { return o.data[o.off[b]:o.off[b+1]] }

func (o *object) blockLen(b int) int { return int(o.off[b+1] - o.off[b]) }

func (o *object) index(blk, i int) uint32 {
	return binary.LittleEndian.Uint32(o.data[int(o.off[blk])+4*i:])
}

var errString = errors.New("string beyond the file")

// str is the string that the length and offset at b name. It shares no memory
// with the file.
func (o *object) str(b []byte) (string, error) {
	s, err := o.strBytes(b)
	return string(s), err
}

func (o *object) strBytes(b []byte) ([]byte, error) {
	n, off := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if uint64(n)+uint64(off) > uint64(len(o.data)) {
		return nil, errString
	}
	return o.data[off : off+n], nil
}

// sym is the definition of the i-th symbol of the common numbering.
func (o *object) sym(i int) []byte {
	off := int(o.off[blkSymdef]) + i*symSize
	return o.data[off : off+symSize]
}

// name is a symbol's name; newObject has checked that it is there.
func (o *object) name(i int) string {
	s, _ := o.str(o.sym(i))
	return s
}

func (o *object) hasPrefix(i int, prefix string) bool {
	s, _ := o.strBytes(o.sym(i))
	return len(s) >= len(prefix) && string(s[:len(prefix)]) == prefix
}

func (o *object) isText(i int) bool {
	k := o.sym(i)[10]
	return k == kindText || k == kindTextFIPS
}

// local is the index of a referenced symbol in the common numbering, -1 where
// it is not one of this object's.
func (o *object) local(r symRef) int {
	var arr int
	switch r.pkg {
	case pkgSelf:
		arr = 0
	case pkgHashed64:
		arr = 1
	case pkgHashed:
		arr = 2
	case pkgNone:
		// Indices beyond the definitions overflow into the references.
		if i := o.first[3] + int(r.sym); i < o.first[5] {
			return i
		}
		return -1
	default:
		return -1
	}
	if i := o.first[arr] + int(r.sym); i < o.first[arr+1] {
		return i
	}
	return -1
}

// refName is the name of a referenced symbol, "" where the object has none.
func (o *object) refName(r symRef) string {
	if i := o.local(r); i >= 0 {
		return o.name(i)
	}
	if r.pkg == pkgBuiltin {
		if int(r.sym) < len(o.builtins) {
			return o.builtins[r.sym]
		}
		return ""
	}
	if i, ok := o.refs[r]; ok {
		s, _ := o.str(o.block(blkRefName)[i+8:])
		return s
	}
	return ""
}

// packagePath is the import path of the i-th package that the object refers
// to, as the linker spells it; "" where there is none. Index 0 is no package.
func (o *object) packagePath(i uint32) string {
	b := o.block(blkPkgIdx)
	if i == 0 || uint64(i) >= uint64(len(b)/stringSize) {
		return ""
	}
	path, err := o.str(b[i*stringSize:])
	if err != nil {
		return ""
	}
	return path
}

// symData is a symbol's content: code, type, table.
func (o *object) symData(i int) []byte {
	if i < 0 || i >= o.defined {
		return nil
	}
	b := o.block(blkData)
	return b[o.index(blkDataIdx, i):o.index(blkDataIdx, i+1)]
}

// relocs are a symbol's relocations, raw.
func (o *object) relocs(i int) []byte {
	b := o.block(blkReloc)
	return b[o.index(blkRelocIdx, i)*relocSize : o.index(blkRelocIdx, i+1)*relocSize]
}

// aux calls f with each auxiliary symbol.
func (o *object) aux(i int, f func(kind byte, r symRef)) {
	b := o.block(blkAux)
	b = b[o.index(blkAuxIdx, i)*auxSize : o.index(blkAuxIdx, i+1)*auxSize]
	for ; len(b) >= auxSize; b = b[auxSize:] {
		f(b[0], readRef(b[1:]))
	}
}

// A reloc is one relocation.
type reloc struct {
	off int
	typ uint16
	sym symRef
}

// relocWeak marks a relocation that does not keep its symbol.
const relocWeak = 1 << 15

//stackward:noalloc
func readReloc(b []byte) reloc {
	return reloc{
		off: int(int32(binary.LittleEndian.Uint32(b))),
		typ: binary.LittleEndian.Uint16(b[5:]) &^ relocWeak,
		sym: readRef(b[15:]),
	}
}

//stackward:noalloc
func readRef(b []byte) symRef {
	return symRef{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}
}

// files is the file table of the object's compilation unit.
func (o *object) files() ([]string, error) {
	b := o.block(blkFile)
	files := make([]string, 0, len(b)/stringSize)
	for ; len(b) >= stringSize; b = b[stringSize:] {
		name, err := o.str(b)
		if err != nil {
			return nil, fmt.Errorf("file %d: %w", len(files), err)
		}
		// The writer of the object marks files with a prefix.
		files = append(files, strings.TrimPrefix(name, "gofile.."))
	}
	return files, nil
}

// maxFuncID is the highest function kind in the object. Generated wrappers
// have the highest of all (internal/abi/symtab.go), and every package with
// methods has some.
func (o *object) maxFuncID() byte {
	var id byte
	for i := range o.defined {
		if o.isText(i) {
			if fi, err := o.funcInfo(i); err == nil {
				id = max(id, fi.funcID)
			}
		}
	}
	return id
}
