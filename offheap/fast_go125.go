//go:build linux && amd64 && !nolinkname && !offheapcheck && !race && !go1.26

package offheap

// offsetMP is the offset of m.p in the runtime of Go 1.25.
const offsetMP = 200
