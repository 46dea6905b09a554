//go:build offheapcheck && !race && !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package offheap

import (
	"errors"
	"unsafe"
)

func sysGuard(unsafe.Pointer, uintptr, bool) error { return errors.ErrUnsupported }
