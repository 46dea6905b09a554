package heapsim

import (
	"fmt"

	"github.com/stackward-go/stackward/internal/sizeclass"
)

const (
	numClasses = 68 * 2 // span classes: each size class with pointers and without
	tinyClass  = 2<<1 | 1
	tinySize   = 16

	// What spans have at their end, runtime/mheap.go, initSpan.
	heapBitsMax     = 512            // slots up to this size have their pointer bits there
	heapBits        = 8 * 8          // a bit for each word: a 64th of the span
	inlineMarks     = 128            // spanInlineMarkBits, runtime/mgcmark_greenteagc.go
	inlineMarksMin  = 16             // slots from this size on have them
	headerAndLarge  = 8              // a malloc header; what does not leave room for one is large
	sizeGranularity = headerAndLarge // all classes are multiples of it
)

// A Layout is how a runtime divides spans into slots.
type Layout struct {
	class    [2][]uint8         // span class by words, with pointers and without
	slot     [numClasses]uint32 // bytes of a slot
	slots    [numClasses]uint16 // slots of a span
	pages    [numClasses]uint16 // pages of a span
	magic    [numClasses]uint32 // slot number = offset * magic >> 32
	maxSmall int64              // the largest request that gets a slot
}

// NewLayout makes the layout of a runtime with such size classes. With greenTea
// the collector keeps its marks in the spans of small objects: the experiment
// greenteagc of go1.25, the default since go1.26.
func NewLayout(sizes *sizeclass.Table, greenTea bool) (*Layout, error) {
	if sizes.Len()*2 != numClasses {
		return nil, fmt.Errorf("simulating a heap: %d size classes, of which %d are known how to lay out", sizes.Len(), numClasses/2)
	}
	l := &Layout{}
	last, _ := sizes.Span(sizes.Len() - 1)
	l.maxSmall = last - headerAndLarge
	for noscan := range 2 {
		l.class[noscan] = make([]uint8, l.maxSmall/sizeGranularity+1)
		for i := range l.class[noscan] {
			class := sizes.Class(int64(i*sizeGranularity), noscan == 1).Index
			l.class[noscan][i] = uint8(class<<1 | noscan)
		}
	}
	for spc := 2; spc < numClasses; spc++ {
		slot, bytes := sizes.Span(spc >> 1)
		usable := bytes
		if slot <= heapBitsMax {
			if spc&1 == 0 {
				usable -= bytes / heapBits
			}
			if greenTea && slot >= inlineMarksMin {
				usable -= inlineMarks
			}
		}
		l.slot[spc] = uint32(slot)
		l.slots[spc] = uint16(usable / slot)
		l.pages[spc] = uint16(bytes / pageSize)
		l.magic[spc] = uint32((1<<32 + slot - 1) / slot) // SizeClassToDivMagic, internal/runtime/gc
	}
	return l, nil
}

// of is the span class of a small request of so many bytes, more than 0.
//
//stackward:noalloc
func (l *Layout) of(bytes int64, noscan bool) uint8 {
	i := 0
	if noscan {
		i = 1
	}
	return l.class[i][(bytes+sizeGranularity-1)/sizeGranularity]
}
