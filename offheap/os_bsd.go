//go:build freebsd || netbsd || openbsd || dragonfly

package offheap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const releaseZeroes = true

// sysRelease maps the range anew: MADV_FREE would leave the memory the
// program's until the system is short of it.
func sysRelease(p unsafe.Pointer, size uintptr) error {
	_, err := mmap(p, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_FIXED)
	return err
}

func sysReuse(unsafe.Pointer, uintptr) error { return nil }

func sysHugePages(unsafe.Pointer, uintptr) {}
