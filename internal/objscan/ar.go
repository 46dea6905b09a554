package objscan

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Sizes and marks of the ar container (cmd/internal/archive, go1.26).
const (
	arMagic      = "!<arch>\n"
	arHeaderSize = 60
	arSizeOff    = 48 // of the decimal size field, 10 bytes
	arEnd        = "`\n"
	pkgDef       = "__.PKGDEF"
	compilerObj  = "_go_.o"
)

var errNotArchive = errors.New("not a Go object archive")

// members returns the Go objects of an archive: the compiler's and, where the
// package has assembly, the assembler's. Objects of other compilers (cgo) are
// left out. The results share the memory of data.
func members(data []byte) ([]member, error) {
	if !bytes.HasPrefix(data, []byte(arMagic)) {
		return nil, errNotArchive
	}
	var ms []member
	for off := len(arMagic); off < len(data); {
		if off+arHeaderSize > len(data) {
			return nil, fmt.Errorf("archive member at %d: header beyond the file", off)
		}
		h := data[off : off+arHeaderSize]
		if string(h[arHeaderSize-len(arEnd):]) != arEnd {
			return nil, fmt.Errorf("archive member at %d: no header there", off)
		}
		name := string(bytes.TrimRight(h[:16], " "))
		size, err := strconv.ParseInt(string(bytes.TrimRight(h[arSizeOff:arSizeOff+10], " ")), 10, 64)
		off += arHeaderSize
		if err != nil || size < 0 || size > int64(len(data)-off) {
			return nil, fmt.Errorf("archive member %q: size beyond the file", name)
		}
		body := data[off : off+int(size)]
		off += int(size) + int(size&1) // members start at even offsets
		if name == pkgDef {
			continue
		}
		m, ok, err := goObject(name, body)
		if err != nil {
			return nil, fmt.Errorf("archive member %q: %w", name, err)
		}
		if ok {
			ms = append(ms, m)
		}
	}
	return ms, nil
}

// A member is one Go object within an archive.
type member struct {
	name    string
	goarch  string
	version string // of the toolchain, such as "go1.26.8"
	data    []byte // from the goobj magic on
}

// goObject splits a member into its text header and the object proper. It
// reports false for what is no Go object.
//
//	go object linux amd64 go1.26.8 GOAMD64=v1 X:…\n
//	…\n
//	!\n
//	\x00go120ld…
func goObject(name string, body []byte) (member, bool, error) {
	const mark = "go object "
	if !bytes.HasPrefix(body, []byte(mark)) {
		return member{}, false, nil
	}
	line, _, ok := bytes.Cut(body, []byte("\n"))
	if !ok {
		return member{}, false, errors.New("no end of the header's first line")
	}
	f := bytes.Fields(line[len(mark):])
	if len(f) < 3 {
		return member{}, false, fmt.Errorf("header %q has too few fields", line)
	}
	_, data, ok := bytes.Cut(body, []byte("\n!\n"))
	if !ok {
		return member{}, false, errors.New("no end of the text header")
	}
	return member{name: name, goarch: string(f[1]), version: string(f[2]), data: data}, true, nil
}
