//go:build !nolinkname && (!linux || !amd64 || offheapcheck || race || go1.28)

package offheap

// useFast is for builds that have fast paths in assembly.
func useFast(bool) (before bool) { return false }
