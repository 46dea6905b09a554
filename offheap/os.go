package offheap

import "unsafe"

// The operating system's part. See doc.go for an overview.
//
// Address space goes through these states, as in the runtime's mem.go:
//
//	none       --reserve-->   reserved   no access, costs nothing
//	reserved   --commit-->    ready      readable and writable, zero
//	ready      --release-->   released   contents lost, memory given back
//	released   --reuse-->     ready      contents undefined, zero if releaseZeroes
//	ready      --uncommit-->  reserved
//
// Nothing goes back to none: an address that was ours once never becomes the
// Go heap's, where the collector would take a stale pointer to it for a
// corrupt one and end the program.
//
// Each os_*.go has the functions sysReserve, sysCommit, sysUncommit,
// sysRelease, sysReuse and sysHugePages, and the constant releaseZeroes: whether
// a page reads as zero after sysRelease and sysReuse.

// An osCall names a call to the operating system, for tests that let it fail.
type osCall uint8

const (
	callReserve osCall = iota
	callCommit
	callUncommit
	callRelease
	callReuse
	callHugePages
	callGuard // of the checked build
)

// osFail, where set, is asked before each call; its error is the call's. Only
// tests set it, and not while anything allocates.
var osFail func(osCall) error

func osMayFail(c osCall) error {
	if osFail != nil {
		return osFail(c)
	}
	return nil
}

// osReserve reserves size bytes at an address that is a multiple of align.
// Both are multiples of commitUnit.
func osReserve(size, align uintptr) (unsafe.Pointer, error) {
	if err := osMayFail(callReserve); err != nil {
		return nil, err
	}
	return sysReserve(size, align)
}

// osCommit makes reserved memory ready. The range is made of whole commitUnits.
func osCommit(p unsafe.Pointer, size uintptr) error {
	if err := osMayFail(callCommit); err != nil {
		return err
	}
	return sysCommit(p, size)
}

// osUncommit gives memory back and takes away the access to it. After an error
// the memory is as before.
func osUncommit(p unsafe.Pointer, size uintptr) error {
	if err := osMayFail(callUncommit); err != nil {
		return err
	}
	return sysUncommit(p, size)
}

// osRelease gives the memory of a range back and keeps the range. After an
// error the memory is as before.
func osRelease(p unsafe.Pointer, size uintptr) error {
	if err := osMayFail(callRelease); err != nil {
		return err
	}
	return sysRelease(p, size)
}

// osReuse makes a released range ready again.
func osReuse(p unsafe.Pointer, size uintptr) error {
	if err := osMayFail(callReuse); err != nil {
		return err
	}
	return sysReuse(p, size)
}

// osHugePages asks for huge pages in a range: advice, whose failure harms
// nothing.
func osHugePages(p unsafe.Pointer, size uintptr) {
	if osMayFail(callHugePages) == nil {
		sysHugePages(p, size)
	}
}
