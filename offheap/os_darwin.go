package offheap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Pages keep their contents until the system wants them.
const releaseZeroes = false

// sysRelease uses MADV_FREE_REUSABLE, as the runtime does: unlike MADV_FREE it
// takes the pages out of the program's footprint at once.
func sysRelease(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_FREE_REUSABLE)
}

func sysReuse(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_FREE_REUSE)
}

func sysHugePages(unsafe.Pointer, uintptr) {}
