//go:build !linux || !amd64 || nolinkname || offheapcheck || race || go1.28

package offheap

// useFast is for builds that have fast paths in assembly.
func useFast(bool) (before bool) { return false }
