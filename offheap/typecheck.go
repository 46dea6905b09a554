package offheap

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

// Types without Go pointers. See doc.go for an overview.
//
// The collector does not look into off-heap memory: a Go pointer there keeps
// nothing alive, and what it points to is freed under it. So a type with Go
// pointers is refused. The compiler has counted the pointer bytes of each type
// for the runtime, in the type's descriptor (internal/abi.Type.PtrBytes), and
// reading it there costs a load or two. The descriptor's layout is private, so
// it is compared with package reflect's answers when the program starts; where
// it differs, answers come from reflect, and are remembered.

// An abiType is the beginning of the runtime's type descriptor, of abiTypeSize
// bytes.
type abiType struct {
	size     uintptr
	ptrBytes uintptr
}

const abiTypeSize = 4*ptrSize + 16

// An abiPtrType is the descriptor of a pointer type.
type abiPtrType struct {
	_    [abiTypeSize]byte
	elem *abiType
}

// elemOf is the descriptor of what a pointer points to, if the layout is as
// expected.
func elemOf(pointer any) *abiType {
	return (**(**abiPtrType)(unsafe.Pointer(&pointer))).elem
}

// abiKnown says that descriptors are laid out as expected.
var abiKnown = abiIs[bool]() && abiIs[string]() && abiIs[int32]() &&
	abiIs[struct {
		a [3]uint16
		b complex128
	}]() &&
	abiIs[struct {
		a uint64
		b *int
		c [7]byte
	}]() &&
	abiIs[[5]any]() && abiIs[[0]*int]() && abiIs[map[int]int]()

func abiIs[T any]() bool {
	var p any = (*T)(nil)
	// Nothing of the descriptor is read as a pointer unless its first words are
	// those of a pointer type: a word, all of which are pointers.
	d := *(**abiType)(unsafe.Pointer(&p))
	if d == nil || d.size != ptrSize || d.ptrBytes != ptrSize {
		return false
	}
	t := reflect.TypeFor[T]()
	elem := elemOf(p)
	typ := any(t)
	// A reflect.Type's own word is the descriptor's address.
	if words := (*[2]unsafe.Pointer)(unsafe.Pointer(&typ)); unsafe.Pointer(elem) != words[1] {
		return false
	}
	return elem.size == t.Size() && (elem.ptrBytes != 0) == (pointerIn(t) != "")
}

// mayHavePointers reports false if T, of a nil *T, is known to have no Go
// pointers. Else refusePointers finds out. It is not generic, which would cost a
// lookup in a dictionary; inlined it is a few instructions.
func mayHavePointers(nilT any) bool {
	return !abiKnown || elemOf(nilT).ptrBytes != 0
}

// mustPointerFree panics if T has Go pointers.
func mustPointerFree[T any]() {
	if mayHavePointers((*T)(nil)) {
		refusePointers((*T)(nil))
	}
}

var pointerFree sync.Map // of reflect.Type

// refusePointers panics if T, of a nil *T, has Go pointers.
func refusePointers(nilT any) {
	t := reflect.TypeOf(nilT).Elem()
	if _, ok := pointerFree.Load(t); ok {
		return
	}
	if err := checkType(t); err != nil {
		panic(err)
	}
	pointerFree.Store(t, nil)
}

// CheckType returns an error if T has Go pointers: then values of T cannot be
// off the Go heap, and [New] panics with that error.
func CheckType[T any]() error { return checkType(reflect.TypeFor[T]()) }

func checkType(t reflect.Type) error {
	if path := pointerIn(t); path != "" {
		return fmt.Errorf("offheap: %v has Go pointers, which the collector would not see: %s", t, strings.TrimSpace(path))
	}
	return nil
}

// pointerIn is the path to the first Go pointer in t and its type, or "".
func pointerIn(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Array:
		if t.Len() == 0 {
			return ""
		}
		if in := pointerIn(t.Elem()); in != "" {
			return "[0]" + in
		}
		return ""
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if in := pointerIn(f.Type); in != "" {
				return "." + f.Name + in
			}
		}
		return ""
	case reflect.Pointer, reflect.UnsafePointer, reflect.Chan, reflect.Func, reflect.Interface,
		reflect.Map, reflect.Slice, reflect.String:
		return " is a " + t.String()
	}
	return ""
}
