package article

import (
	"strconv"
	"strings"
	"testing"
)

var (
	data = words(64)
	long = strings.Repeat("x", 100)

	gotInt     int
	gotPointer *int
	gotRecord  Record
	gotRef     *Record
	gotStrings []string
)

// words are n different strings.
func words(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = "word" + strconv.Itoa(i)
	}
	return list
}

// experiments are what the article measures, with the allocations of one call.
var experiments = []struct {
	name   string
	run    func()
	allocs float64
}{
	{"StackIt", func() { gotInt = StackIt() }, 0},
	{"HeapIt", func() { gotPointer = HeapIt() }, 1},
	{"Process", func() { y := 2; gotInt = Process(&y) }, 0},
	{"Copy", func() { gotRecord = Copy(1) }, 0},
	{"Pointer", func() { gotRef = Pointer(1) }, 1},
	{"Store", func() { Store(1000) }, 1},
	{"Constant", func() { Constant() }, 0},
	{"Large", func() { gotInt = int(Large(5)) }, 1},
	{"Preallocate", func() { gotStrings = Preallocate(data) }, 1},
	{"LogString", func() { gotInt = LogString(long) }, 0},
	{"BoxString", func() { gotInt = BoxString(12345) }, 2},
	{"Join", func() { gotInt = Join(long, "y") }, 1},
	{"Unpooled", func() { gotInt = Unpooled(long) }, 1},
}

func TestAllocs(t *testing.T) {
	for _, e := range experiments {
		if got := testing.AllocsPerRun(100, e.run); got != e.allocs {
			t.Errorf("%s: %v allocs/op, want %v", e.name, got, e.allocs)
		}
	}
}

// How often append allocates depends on the toolchain: since go1.25 its first
// buffer may be on the stack.
func TestGrowth(t *testing.T) {
	grown := testing.AllocsPerRun(100, func() { gotStrings = Append(data) })
	made := testing.AllocsPerRun(100, func() { gotStrings = Preallocate(data) })
	if made != 1 || grown < 4 {
		t.Errorf("Append: %v allocs/op, Preallocate: %v; want at least 4, and 1", grown, made)
	}
}

func BenchmarkStackIt(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = StackIt()
	}
}

func BenchmarkHeapIt(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotPointer = HeapIt()
	}
}

func BenchmarkProcess(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		y := 2
		gotInt = Process(&y)
	}
}

func BenchmarkCopy(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotRecord = Copy(1)
	}
}

func BenchmarkPointer(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotRef = Pointer(1)
	}
}

func BenchmarkStore(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Store(1000)
	}
}

func BenchmarkConstant(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Constant()
	}
}

func BenchmarkCapture(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = Capture(3)
	}
}

func BenchmarkLarge(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = int(Large(5))
	}
}

func BenchmarkAppend(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotStrings = Append(data)
	}
}

func BenchmarkPreallocate(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotStrings = Preallocate(data)
	}
}

func BenchmarkCount(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = Count(data)
	}
}

func BenchmarkPooled(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = Pooled(long)
	}
}

func BenchmarkUnpooled(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = Unpooled(long)
	}
}

func BenchmarkBoxString(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = BoxString(12345)
	}
}

func BenchmarkJoin(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		gotInt = Join(long, "y")
	}
}
