//go:build race

package offheap

// Under -race no object has a guarded page; see check_guard.go.

const guardEvery = 64

type guardedPage struct{}

func takeGuarded(uintptr) *guardedPage     { return nil }
func (*guardedPage) memory(uintptr) []byte { return nil }
func (*guardedPage) free()                 {}
