//go:build cgo && link_jemalloc

package peer

// #cgo LDFLAGS: -ljemalloc
import "C"

const cLibrary = "jemalloc"
