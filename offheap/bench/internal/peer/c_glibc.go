//go:build cgo && link_glibc

package peer

const cLibrary = "glibc"
