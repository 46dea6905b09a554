package offheap

import (
	"bytes"
	"errors"
	"hash/maphash"
	"iter"
	"math"
	"unsafe"
)

// Interned text.
//
// Each text is an object of its own: a symbolHeader and then the bytes. A map has
// the objects by the text's hash, 64 bits of it. Texts with the same hash, which
// is next to never, are a chain.
//
// Invariants: a text is in one object, whose references are not 0. The chain of
// a hash is not empty.

// A Symbol stands for text that an [Interner] has, in 8 bytes, or 4 on 32-bit
// systems. It has no Go pointers, so it may be the key of a [Map], or in anything
// else off the heap. Symbols of one Interner are equal exactly if their texts
// are. The zero Symbol is that of the empty text.
type Symbol struct{ addr uintptr }

type symbolHeader struct {
	next uintptr // another symbol with this hash
	refs uint32  // at maxRefs it stays
	size uint32  // bytes of text
}

const maxRefs = math.MaxUint32

var errTextTooLong = errors.New("offheap: text of 4 GiB or more cannot be interned")

// String returns the text, where it is: it is valid as long as the Symbol is.
func (s Symbol) String() string {
	b := s.Bytes()
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// Bytes returns the text, where it is. It must not be changed, and is valid as
// long as the Symbol is.
func (s Symbol) Bytes() []byte {
	if s.addr == 0 {
		return nil
	}
	h := s.header()
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(h), unsafe.Sizeof(*h))), h.size)
}

// Len returns the length of the text in bytes.
func (s Symbol) Len() int {
	if s.addr == 0 {
		return 0
	}
	return int(s.header().size)
}

func (s Symbol) header() *symbolHeader { return (*symbolHeader)(objectAt(&s.addr)) }

// bytesOf is the size of the object for a text, a multiple of 8 so that it is
// aligned.
func bytesOf(text int) uintptr {
	return alignUp(unsafe.Sizeof(symbolHeader{})+uintptr(text), 8)
}

// An Interner keeps each of many texts once, off the Go heap, and counts the
// references to it. It makes text fit for the keys and values of a [Map]:
//
//	s, err := in.InternString("key") // a reference more
//	err = m.Set(s, v)
//	...
//	if s, ok := in.LookupString("key"); ok {
//		v, ok := m.Get(s)
//	}
//	...
//	m.Delete(s)
//	in.Release(s) // a reference less; without any the text is freed
//
// An Interner is not to be changed while another goroutine uses it. Any number
// of goroutines may look up at once.
type Interner struct {
	a       Allocator
	symbols Map[uint64, Symbol] // the first with a hash
	seed    maphash.Seed
	mask    uint64 // of hashes that are used, for tests
	n       int
	bytes   uintptr // of the symbols' objects
}

// NewInterner returns an empty Interner with memory of a. It is freed with
// [Interner.Free].
func NewInterner(a Allocator) (*Interner, error) {
	m, err := NewMap[uint64, Symbol](a)
	if err != nil {
		return nil, err
	}
	return &Interner{a: a, symbols: m, seed: maphash.MakeSeed(), mask: math.MaxUint64}, nil
}

// Free frees all texts. No Symbol is valid afterwards, and the Interner must not
// be used.
func (in *Interner) Free() {
	for s := range in.All() {
		in.a.Free(unsafe.Pointer(s.header()), bytesOf(s.Len()))
	}
	in.symbols.Free()
	*in = Interner{a: in.a}
}

// Len returns the number of texts.
func (in *Interner) Len() int { return in.n }

// MemoryUsed is the bytes that the Interner has of its allocator.
func (in *Interner) MemoryUsed() int { return in.symbols.MemoryUsed() + int(in.bytes) }

// Lookup returns the Symbol of a text that is interned, and whether it is. It
// does not count as a reference.
func (in *Interner) Lookup(text []byte) (Symbol, bool) {
	if len(text) == 0 {
		return Symbol{}, true
	}
	return in.find(in.hash(text), text)
}

// LookupString is [Interner.Lookup] for a string.
func (in *Interner) LookupString(text string) (Symbol, bool) { return in.Lookup(stringBytes(text)) }

// Intern returns the Symbol of a text, which is copied if it is new, and counts
// a reference. An error means that there is no memory for it, or that the text
// is of 4 GiB or more.
func (in *Interner) Intern(text []byte) (Symbol, error) {
	if len(text) == 0 {
		return Symbol{}, nil
	}
	hash := in.hash(text)
	if s, ok := in.find(hash, text); ok {
		in.Retain(s)
		return s, nil
	}
	return in.add(hash, text)
}

// InternString is [Interner.Intern] for a string.
func (in *Interner) InternString(text string) (Symbol, error) { return in.Intern(stringBytes(text)) }

// Retain counts another reference to a Symbol.
func (in *Interner) Retain(s Symbol) {
	if s.addr != 0 && s.header().refs < maxRefs {
		s.header().refs++
	}
}

// Release takes a reference back. With the last one the text is freed, and no
// Symbol of it is valid any more. A text that ever had 2^32-1 references stays
// for good.
func (in *Interner) Release(s Symbol) {
	if s.addr == 0 {
		return
	}
	h := s.header()
	if h.refs == maxRefs {
		return
	}
	if h.refs > 1 {
		h.refs--
		return
	}
	hash := in.hash(s.Bytes())
	link := in.symbols.At(hash)
	for link != nil && link.addr != 0 && *link != s {
		link = (*Symbol)(unsafe.Pointer(&link.header().next))
	}
	if link == nil || link.addr == 0 {
		panic(badFree(unsafe.Pointer(h), bytesOf(s.Len()), badForeign))
	}
	link.addr = h.next
	if first := in.symbols.At(hash); first.addr == 0 {
		in.symbols.Delete(hash)
	}
	in.n--
	in.bytes -= bytesOf(s.Len())
	in.a.Free(unsafe.Pointer(h), bytesOf(s.Len()))
}

// All iterates over the Symbols, in random order. Meanwhile texts may be interned,
// which come or do not, and the Symbol that just came may be released, but no
// other.
func (in *Interner) All() iter.Seq[Symbol] {
	return func(yield func(Symbol) bool) {
		for _, s := range in.symbols.All() {
			for s.addr != 0 {
				next := s.header().next
				if !yield(s) {
					return
				}
				s.addr = next
			}
		}
	}
}

func stringBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func (in *Interner) hash(text []byte) uint64 { return maphash.Bytes(in.seed, text) & in.mask }

// find returns the symbol with a text, which is not empty.
func (in *Interner) find(hash uint64, text []byte) (Symbol, bool) {
	s, _ := in.symbols.Get(hash)
	for s.addr != 0 && !bytes.Equal(s.Bytes(), text) {
		s.addr = s.header().next
	}
	return s, s.addr != 0
}

// add adds a text that is not there.
func (in *Interner) add(hash uint64, text []byte) (Symbol, error) {
	if uint64(len(text)) > math.MaxUint32 {
		return Symbol{}, errTextTooLong
	}
	p, err := in.a.AllocUninit(bytesOf(len(text)))
	if err != nil {
		return Symbol{}, err
	}
	first, _, err := in.symbols.Upsert(hash)
	if err != nil {
		in.a.Free(p, bytesOf(len(text)))
		return Symbol{}, err
	}
	s := Symbol{uintptr(p)}
	*s.header() = symbolHeader{next: first.addr, refs: 1, size: uint32(len(text))}
	copy(s.Bytes(), text)
	*first = s
	in.n++
	in.bytes += bytesOf(len(text))
	return s, nil
}
