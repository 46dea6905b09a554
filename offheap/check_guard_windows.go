//go:build offheapcheck && !race

package offheap

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

func sysGuard(p unsafe.Pointer, size uintptr, guard bool) error {
	protect := uint32(windows.PAGE_READWRITE)
	if guard {
		protect = windows.PAGE_NOACCESS
	}
	var old uint32
	return windows.VirtualProtect(uintptr(p), size, protect, &old)
}
