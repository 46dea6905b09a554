package offheap

// Size classes. See doc.go for an overview.
//
// An object of up to maxSmallSize bytes is rounded up to one of numClasses-1
// sizes, and a span holds objects of one size only. The sizes and the spans'
// lengths are those of the Go runtime (internal/runtime/gc/sizeclasses.go,
// unchanged since Go 1.16), which were chosen so that rounding and the tail of
// a span together waste at most an eighth of a span. A test compares the
// tables with those of the installed toolchain.

const (
	pageShift    = 13
	pageSize     = 1 << pageShift
	numClasses   = 68
	maxSmallSize = 32768

	// Up to smallSizeMax bytes the class is looked up in steps of 8 bytes,
	// above in steps of 128.
	smallSizeMax = 1024
)

// classSize is the size of a class's objects in bytes. Class 0 is that of
// large objects, which have a span each.
var classSize = [numClasses]uint16{
	0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320,
	352, 384, 416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792,
	2048, 2304, 2688, 3072, 3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728,
	10240, 10880, 12288, 13568, 14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672,
	32768,
}

// classPages is the number of pages in a class's span.
var classPages = [numClasses]uint8{
	0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, 1, 1, 2, 1, 2, 1, 2, 1, 3, 2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5, 7, 2, 9, 7, 5, 8,
	3, 10, 7, 4,
}

// The class of a size: sizeToClass8[(size+7)/8] up to smallSizeMax-8, else
// sizeToClass128[(size-smallSizeMax+127)/128].
var (
	sizeToClass8   = fillClasses[[smallSizeMax/8 + 1]uint8](0, 8)
	sizeToClass128 = fillClasses[[(maxSmallSize-smallSizeMax)/128 + 1]uint8](smallSizeMax, 128)
)

func fillClasses[A [smallSizeMax/8 + 1]uint8 | [(maxSmallSize-smallSizeMax)/128 + 1]uint8](from, step int) (table A) {
	class := 0
	for i := range len(table) {
		for int(classSize[class]) < from+i*step {
			class++
		}
		table[i] = uint8(class)
	}
	return table
}

// sizeClass is the class for objects of size bytes, which must be at most
// maxSmallSize.
func sizeClass(size uintptr) uint8 {
	if size <= smallSizeMax-8 {
		return sizeToClass8[(size+7)/8]
	}
	return sizeToClass128[(size-smallSizeMax+127)/128]
}

// roundSize is the number of bytes that an object of size bytes occupies.
func roundSize(size uintptr) uintptr {
	if size <= maxSmallSize {
		return uintptr(classSize[sizeClass(size)])
	}
	return (size + pageSize - 1) &^ (pageSize - 1)
}
