//go:build nolinkname

package offheap

// usePin says that caches are per P. Without the runtime's internals they are
// shards, each with a lock.
const usePin = false

func procPin() int { panic("offheap: procPin under nolinkname") }
func procUnpin()   { panic("offheap: procUnpin under nolinkname") }
