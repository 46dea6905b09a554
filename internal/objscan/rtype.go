package objscan

import "encoding/binary"

// Offsets and flags in a type's descriptor, 64 bit (internal/abi/type.go, the
// same from go1.24 to go1.27).
const (
	rtypeSize      = 48
	rtypeTFlag     = 20
	rtypeKind      = 23
	rtypeStr       = 40
	tflagUncommon  = 1 << 0
	tflagExtraStar = 1 << 1
	tflagNamed     = 1 << 2
	kindMask       = 1<<5 - 1
)

// uncommonOff is where the part that only named types have starts, by kind
// (internal/abi/type.go, Type.Uncommon); other kinds have it right behind
// the descriptor. Maps are not here: theirs has changed between versions.
var uncommonOff = map[byte]uint64{
	17: rtypeSize + 24, // array
	18: rtypeSize + 16, // chan
	19: rtypeSize + 8,  // func
	20: rtypeSize + 32, // interface
	22: rtypeSize + 8,  // pointer
	23: rtypeSize + 8,  // slice
	25: rtypeSize + 32, // struct
}

const kindMap = 21

// TypeName is that of the type described at an address, as the linker spells it: with its
// import path, if it is a named one. It is "" where none is described.
func (b *Binary) TypeName(addr uint64) string {
	name, _, _ := b.rtype(addr)
	return name
}

// rtype reads the name and the size of the type described at an address. A
// named type is spelled with its import path, as the linker does; the types
// within an unnamed one are spelled as the runtime prints them.
func (b *Binary) rtype(addr uint64) (string, typeSize, bool) {
	if addr < b.types || addr >= b.etypes || b.image.ptrSize != 8 {
		return "", typeSize{}, false
	}
	d, ok := b.image.read(addr, rtypeSize)
	if !ok {
		return "", typeSize{}, false
	}
	size, ok := descriptor(d, b.image.goarch)
	if !ok {
		return "", typeSize{}, false
	}
	tflag, kind := d[rtypeTFlag], d[rtypeKind]&kindMask
	name, ok := b.typeName(b.image.order.Uint32(d[rtypeStr:]))
	if !ok || name == "" {
		return "", typeSize{}, false
	}
	if tflag&tflagExtraStar != 0 && name[0] == '*' {
		name = name[1:]
	}
	if tflag&tflagNamed != 0 && tflag&tflagUncommon != 0 && kind != kindMap {
		off, ok := uncommonOff[kind]
		if !ok {
			off = rtypeSize
		}
		if u, ok := b.image.read(addr+off, 4); ok {
			path, _ := b.typeName(b.image.order.Uint32(u))
			for i := range len(name) {
				if name[i] == '.' && path != "" {
					name = path + name[i:]
					break
				}
			}
		}
	}
	return name, size, true
}

// typeName reads a name: a byte of flags, a length, and the bytes.
func (b *Binary) typeName(off uint32) (string, bool) {
	const longest = 1 << 16
	m := b.image.at(b.types + uint64(off))
	if len(m) < 2 {
		return "", false
	}
	n, k := binary.Uvarint(m[1:])
	if k <= 0 || n > longest || n > uint64(len(m)-1-k) {
		return "", false
	}
	return string(m[1+k:][:n]), true
}
