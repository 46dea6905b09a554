//go:build !offheapcheck && !race

package offheap

import (
	"reflect"
	"unsafe"
)

// checked says that this is the checked build; see check_on.go.
const checked = false

// A checkHeap is nothing in the normal build.
type checkHeap struct{}

func (*checkHeap) init(*Heap)                                          {}
func (*checkHeap) alloc(uintptr, reflect.Type) (unsafe.Pointer, error) { return nil, nil }
func (*checkHeap) free(unsafe.Pointer, uintptr, reflect.Type)          {}
func (*checkHeap) stats() Stats                                        { return Stats{} }
func (*checkHeap) contains(unsafe.Pointer) bool                        { return false }
func (*checkHeap) leaks() []Leak                                       { return nil }
func (*checkHeap) verify()                                             {}
func (*checkHeap) close()                                              {}

func checkedAlloc(Allocator, uintptr, reflect.Type) (unsafe.Pointer, bool, error) {
	return nil, false, nil
}
func checkedFree(Allocator, unsafe.Pointer, uintptr, reflect.Type) {}
