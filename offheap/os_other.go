//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package offheap

import (
	"errors"
	"unsafe"
)

// Here nothing is known of the system's memory: the package builds, and every
// allocation is an error.

const releaseZeroes = false

func sysReserve(uintptr, uintptr) (unsafe.Pointer, error) { return nil, errors.ErrUnsupported }
func sysCommit(unsafe.Pointer, uintptr) error             { return errors.ErrUnsupported }
func sysUncommit(unsafe.Pointer, uintptr) error           { return errors.ErrUnsupported }
func sysRelease(unsafe.Pointer, uintptr) error            { return errors.ErrUnsupported }
func sysReuse(unsafe.Pointer, uintptr) error              { return errors.ErrUnsupported }
func sysHugePages(unsafe.Pointer, uintptr)                {}
