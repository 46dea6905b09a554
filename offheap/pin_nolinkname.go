//go:build nolinkname

package offheap

// usePin says that caches are per P. Without the runtime's internals they are
// shards, each with a lock.
const usePin = false

// procPin and procUnpin stand where usePin keeps them from being called.
func procPin() int { return 0 }
func procUnpin()   {}
