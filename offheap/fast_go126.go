//go:build linux && amd64 && !nolinkname && !offheapcheck && !race && go1.26 && !go1.28

package offheap

// offsetMP is the offset of m.p in the runtimes of Go 1.26 and 1.27.
const offsetMP = 208
