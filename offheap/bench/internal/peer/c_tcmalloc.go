//go:build cgo && link_tcmalloc

package peer

// #cgo LDFLAGS: -ltcmalloc_minimal
import "C"

const cLibrary = "tcmalloc"
