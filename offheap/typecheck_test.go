package offheap

import (
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

func TestCheckType(t *testing.T) {
	type inner struct {
		OK  [2]int
		Bad [3]struct{ Name string }
	}
	for _, test := range []struct {
		name string
		err  error
		want string // of the error, or "" for none
	}{
		{"numbers", CheckType[struct {
			a int
			b [4]float64
			c struct{ d complex64 }
		}](), ""},
		{"Ptr", CheckType[struct{ next Ptr[inner] }](), ""},
		{"no elements", CheckType[[0]*int](), ""},
		{"empty", CheckType[struct{}](), ""},
		{"uintptr", CheckType[uintptr](), ""},
		{"pointer", CheckType[*int](), "*int has Go pointers, which the collector would not see: is a *int"},
		{"string", CheckType[string](), " is a string"},
		{"unsafe.Pointer", CheckType[unsafe.Pointer](), "is a unsafe.Pointer"},
		{"interface", CheckType[struct{ e error }](), ".e is a error"},
		{"map", CheckType[[2]map[int]int](), "[0] is a map[int]int"},
		{"func", CheckType[struct{ f func() }](), ".f is a func()"},
		{"chan", CheckType[struct{ c chan int }](), ".c is a chan int"},
		{"nested", CheckType[struct{ in inner }](), ".in.Bad[0].Name is a string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if test.err != nil {
				got = test.err.Error()
			}
			if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRefusesPointers(t *testing.T) {
	defer func(known bool) { abiKnown = known }(abiKnown)
	h := NewHeap(Config{})
	defer h.Close()
	type withPointer struct {
		A int
		P *int
	}
	for _, known := range []bool{abiKnown, false} {
		abiKnown = known
		for name, f := range map[string]func(){
			"New":       func() { New[withPointer](h) },
			"NewUninit": func() { NewUninit[withPointer](h) },
			"MakeSlice": func() { MakeSlice[withPointer](h, 0, 0) },
			"AllocN":    func() { AllocN(h, make([]*withPointer, 1)) },
		} {
			func() {
				defer func() {
					err, _ := recover().(error)
					if err == nil || !strings.Contains(err.Error(), "offheap.withPointer has Go pointers") || !strings.HasSuffix(err.Error(), ".P is a *int") {
						t.Errorf("known %v: %s: %v", known, name, err)
					}
				}()
				f()
			}()
		}
		for range 2 {
			Free(h, Must(New[obj64](h)))
		}
	}
}

// With this toolchain the quick way works.
func TestABIKnown(t *testing.T) {
	if !abiKnown {
		t.Error("the layout of type descriptors is not as expected: checks of types are slow")
	}
	if got := elemOf((*[3]string)(nil)); got.size != unsafe.Sizeof([3]string{}) || got.ptrBytes == 0 {
		t.Errorf("%+v", got)
	}
	if reflect.TypeFor[Ptr[string]]().Size() != ptrSize {
		t.Error("a Ptr is not one word")
	}
}

func BenchmarkTypeCheck(b *testing.B) {
	for range b.N {
		if mayHavePointers((*obj64)(nil)) {
			b.Fatal()
		}
	}
}
