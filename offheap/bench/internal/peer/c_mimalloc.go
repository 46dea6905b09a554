//go:build cgo && link_mimalloc

package peer

// #cgo LDFLAGS: -lmimalloc
import "C"

const cLibrary = "mimalloc"
