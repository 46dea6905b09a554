package offheap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const releaseZeroes = true

// sysRelease uses MADV_DONTNEED: MADV_FREE is cheaper, but the memory still
// counts as the program's until the system is short of it, so nobody could see
// that it was given back.
func sysRelease(p unsafe.Pointer, size uintptr) error {
	return unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_DONTNEED)
}

func sysReuse(unsafe.Pointer, uintptr) error { return nil }

func sysHugePages(p unsafe.Pointer, size uintptr) {
	_ = unix.Madvise(unsafe.Slice((*byte)(p), size), unix.MADV_HUGEPAGE)
}
