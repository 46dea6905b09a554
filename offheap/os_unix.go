//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package offheap

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

func mmap(p unsafe.Pointer, size uintptr, prot, flags int) (unsafe.Pointer, error) {
	return unix.MmapPtr(-1, 0, p, size, prot, flags|unix.MAP_ANON|unix.MAP_PRIVATE)
}

func sysReserve(size, align uintptr) (unsafe.Pointer, error) {
	p, err := mmap(nil, size+align, unix.PROT_NONE, 0)
	if err != nil {
		return nil, err
	}
	// Trim to the alignment. What is cut off was never handed out, so it may
	// go; an error leaves it reserved, which costs nothing.
	skip := -uintptr(p) & (align - 1)
	if skip > 0 {
		_ = unix.MunmapPtr(p, skip)
		p = unsafe.Add(p, skip)
	}
	_ = unix.MunmapPtr(unsafe.Add(p, size), align-skip)
	return p, nil
}

func sysCommit(p unsafe.Pointer, size uintptr) error {
	return unix.Mprotect(unsafe.Slice((*byte)(p), size), unix.PROT_READ|unix.PROT_WRITE)
}

func sysUncommit(p unsafe.Pointer, size uintptr) error {
	// A new mapping in the place of the old: one call that takes the memory,
	// the access and the claim on the system's commit limit.
	_, err := mmap(p, size, unix.PROT_NONE, unix.MAP_FIXED)
	return err
}
