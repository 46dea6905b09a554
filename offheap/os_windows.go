package offheap

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

const releaseZeroes = true

func virtualAlloc(p unsafe.Pointer, size uintptr, kind, protect uint32) (unsafe.Pointer, error) {
	addr, err := windows.VirtualAlloc(uintptr(p), size, kind, protect)
	if err != nil {
		return nil, err
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&addr)), nil
}

func sysReserve(size, align uintptr) (unsafe.Pointer, error) {
	// A part of a reservation cannot go, so reserve with room, let it go, and
	// reserve the aligned part: another thread may be faster, so try again.
	for range 100 {
		p, err := virtualAlloc(nil, size+align, windows.MEM_RESERVE, windows.PAGE_NOACCESS)
		if err != nil {
			return nil, err
		}
		if err := windows.VirtualFree(uintptr(p), 0, windows.MEM_RELEASE); err != nil {
			return nil, err
		}
		p = unsafe.Add(p, -uintptr(p)&(align-1))
		if p, err = virtualAlloc(p, size, windows.MEM_RESERVE, windows.PAGE_NOACCESS); err == nil {
			return p, nil
		}
	}
	return nil, windows.ERROR_NOT_ENOUGH_MEMORY
}

// byArena calls f for the part of a range in each arena: a range may consist of
// several reservations, and a call takes only one.
func byArena(p unsafe.Pointer, size uintptr, f func(p unsafe.Pointer, size uintptr) error) error {
	for size > 0 {
		n := min(size, arenaSize-uintptr(p)&(arenaSize-1))
		if err := f(p, n); err != nil {
			return err
		}
		p, size = unsafe.Add(p, n), size-n
	}
	return nil
}

func sysCommit(p unsafe.Pointer, size uintptr) error {
	return byArena(p, size, func(p unsafe.Pointer, size uintptr) error {
		_, err := virtualAlloc(p, size, windows.MEM_COMMIT, windows.PAGE_READWRITE)
		return err
	})
}

func sysUncommit(p unsafe.Pointer, size uintptr) error {
	return byArena(p, size, func(p unsafe.Pointer, size uintptr) error {
		return windows.VirtualFree(uintptr(p), size, windows.MEM_DECOMMIT)
	})
}

func sysRelease(p unsafe.Pointer, size uintptr) error { return sysUncommit(p, size) }

func sysReuse(p unsafe.Pointer, size uintptr) error { return sysCommit(p, size) }

func sysHugePages(unsafe.Pointer, uintptr) {}
