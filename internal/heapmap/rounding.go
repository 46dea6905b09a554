package heapmap

import "github.com/stackward-go/stackward/internal/alloctrace"

// A Range is a number of bytes that is not known exactly.
type Range struct{ Min, Max int64 }

func (r *Range) add(s Range) {
	r.Min += s.Min
	r.Max += s.Max
}

// Rounding is what the objects that live do not use of their slots, by span class
// and by type. A trace has an object's type, or that of its elements, but not how
// many there are: so it is a range, and exact where only one number goes into the
// slot and not into the next smaller one.
func (m *Map) Rounding() (classes [256]Range, types []Range) {
	types = make([]Range, len(m.types))
	for n := range m.spans {
		s := &m.spans[n]
		if s.live == 0 || s.class == alloctrace.Manual {
			continue
		}
		for _, x := range s.slots {
			if x&slotLive == 0 {
				continue
			}
			r := unused(m.reader.Type(x.typ()).Bytes, s.class, s.elem, m.reader.SlotBytes(s.class.Size()-1))
			classes[s.class].add(r)
			types[x.typ()].add(r)
		}
	}
	return classes, types
}

// unused is what an object, or several in an array, does not use of a slot: size is
// that of its type, 0 unknown, below that of the next smaller slot.
func unused(size int64, class alloctrace.Class, slot, below int64) Range {
	if class == alloctrace.TinyClass {
		if size == slot {
			return Range{}
		}
		return Range{Max: slot - 1} // what others have of the block is not known
	}
	size = max(size, 1)
	header := int64(0)
	switch {
	case class.Size() == 0:
		below = slot - alloctrace.PageBytes
	case !class.Noscan() && slot > 512: // MinSizeForMallocHeader, internal/runtime/gc/malloc.go
		header = 8
	}
	most := (slot - header) / size
	least := max(below-header, 0)/size + 1
	if least > most { // it is not of this type alone
		return Range{Max: slot}
	}
	return Range{slot - most*size, slot - least*size}
}
