package offheap

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"reflect"
	"unsafe"
)

// Hashes of keys. See map.go for an overview.
//
// maphash.Comparable is right for any key, but finds the type's hash function
// anew each time: 9 ns and more. Keys whose equality is that of their bytes,
// which are most, are hashed as numbers if they have up to 16 bytes: by
// multiplying to 128 bits, as the runtime does where it has no AES
// (runtime/hash64.go), in 3 ns. The seeds are the map's own and random, so
// which keys collide cannot be known from outside.

// hashOf is k's hash.
func hashOf[K comparable](h *mapHeader, k K) uint64 {
	p := unsafe.Pointer(&k)
	if h.plain {
		switch unsafe.Sizeof(k) {
		case 8:
			return h.hash64(word(p, 0))
		case 4:
			return h.hash64(uint64(binary.NativeEndian.Uint32((*[4]byte)(p)[:])))
		case 16:
			return h.hash128(word(p, 0), word(p, 8))
		case 2:
			return h.hash64(uint64(binary.NativeEndian.Uint16((*[2]byte)(p)[:])))
		case 1:
			return h.hash64(uint64(*(*uint8)(p)))
		}
		return maphash.Bytes(h.seed, unsafe.Slice((*byte)(p), unsafe.Sizeof(k)))
	}
	return maphash.Comparable(h.seed, k)
}

// word is the 8 bytes at an offset, of any alignment.
func word(p unsafe.Pointer, off uintptr) uint64 {
	return binary.NativeEndian.Uint64((*[8]byte)(unsafe.Add(p, off))[:])
}

func (h *mapHeader) hash64(a uint64) uint64 {
	return mix(h.seeds[2], mix(a^h.seeds[0], a^h.seeds[1]))
}

func (h *mapHeader) hash128(a, b uint64) uint64 {
	return mix(h.seeds[2], mix(a^h.seeds[0], b^h.seeds[1]))
}

// mix multiplies to 128 bits, and folds them.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// plainMemory reports whether two Ks are equal exactly if their bytes are.
func plainMemory[K comparable]() bool { return isPlain(reflect.TypeFor[K]()) }

// A blank field and padding have bytes that do not count; numbers with a point
// have a zero of two signs, and NaN.
func isPlain(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Bool, reflect.Uintptr,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	case reflect.Array:
		return isPlain(t.Elem())
	case reflect.Struct:
		var size uintptr
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Type.Size() == 0 {
				continue
			}
			if f.Name == "_" || !isPlain(f.Type) {
				return false
			}
			size += f.Type.Size()
		}
		return size == t.Size() // no padding
	}
	return false
}
