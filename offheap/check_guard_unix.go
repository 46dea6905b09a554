//go:build offheapcheck && !race && (linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package offheap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func sysGuard(p unsafe.Pointer, size uintptr, guard bool) error {
	prot := unix.PROT_READ | unix.PROT_WRITE
	if guard {
		prot = unix.PROT_NONE
	}
	return unix.Mprotect(unsafe.Slice((*byte)(p), size), prot)
}
