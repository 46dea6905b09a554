package objscan

import (
	"bytes"
)

// Words of runtime.moduledata (runtime/symtab.go), the same from go1.24 to
// go1.27. The address of functions' data has moved in go1.27; see findGofunc.
const (
	mdText   = 22
	mdEtext  = 23
	mdTypes  = 37
	mdEtypes = 38
	mdGofunc = 40
	mdWords  = 48
)

// findPclntab finds the table of functions by its magic: the section that has
// it is named differently in each format, and stripped of its name in some.
func findPclntab(m *image) (*pclntab, error) {
	magic := m.order.AppendUint32(nil, pclnMagic)
	err := errPclntab
	for _, s := range m.segments {
		for off := 0; ; off++ {
			i := bytes.Index(s.data[off:], magic)
			if i < 0 {
				break
			}
			off += i
			if off%4 != 0 {
				continue
			}
			t, e := newPclntab(s.data[off:], m.order, s.addr+uint64(off))
			if e != nil {
				if e != errPclntab {
					err = e
				}
				continue
			}
			if t.ptrSize == m.ptrSize && t.nfunc > 0 && m.complete(t) {
				return t, nil
			}
		}
	}
	return nil, err
}

// complete finds the module's description and takes from it what the table's
// header does not say. It reports false where there is none: what looked like
// a table was none.
func (m *image) complete(t *pclntab) bool {
	md, ok := m.moduledata(t)
	if ok {
		t.text, _ = m.word(md[mdText*m.ptrSize:])
		t.findGofunc(m, md)
		return true
	}
	// Pointers may be unreadable in the file, as with chained fixups: then
	// symbols have to do.
	text, ok := m.symbols("runtime.text")
	if ok {
		t.text = text
	}
	if gofunc, ok := m.symbols("go:func.*"); ok {
		t.gofunc = m.at(gofunc)
	}
	return t.text != 0
}

// moduledata finds the description of the module: it starts with a pointer to
// the table of functions and one to the names behind the table's header.
func (m *image) moduledata(t *pclntab) ([]byte, bool) {
	first := m.appendWord(nil, t.addr)
	for _, s := range m.segments {
		for off := 0; ; off++ {
			i := bytes.Index(s.data[off:], first)
			if i < 0 {
				break
			}
			off += i
			md := s.data[off:]
			if off%m.ptrSize != 0 || len(md) < mdWords*m.ptrSize {
				continue
			}
			w := func(i int) uint64 { v, _ := m.word(md[i*m.ptrSize:]); return v }
			// The table of names may be followed by padding.
			if n := uint64(len(t.names)); w(1) > t.addr && w(2) == w(3) && w(2) <= n && n-w(2) < 64 && w(mdText) < w(mdEtext) {
				return md, true
			}
		}
	}
	return nil, false
}

func (m *image) appendWord(b []byte, v uint64) []byte {
	if m.ptrSize == 4 {
		return m.order.AppendUint32(b, uint32(v))
	}
	return m.order.AppendUint64(b, v)
}

// findGofunc finds the address that functions' data is relative to: the word
// of the module's description with which the inline trees make sense.
func (t *pclntab) findGofunc(m *image, md []byte) {
	for _, i := range []int{mdGofunc, mdGofunc + 3, mdGofunc + 1, mdGofunc + 2, mdGofunc + 4, mdGofunc + 5, mdGofunc + 6} {
		v, _ := m.word(md[i*m.ptrSize:])
		if t.gofunc = m.at(v); v != 0 && t.gofunc != nil && t.inlTreesOK() {
			return
		}
	}
	t.gofunc = nil
}

// inlTreesOK reports whether the first inline trees name functions.
func (t *pclntab) inlTreesOK() bool {
	const enough = 100
	checked := 0
	for i := 0; i < t.nfunc && checked < enough; i++ {
		f, ok := t.fn(i)
		if !ok {
			return false
		}
		index := f.inlIndex()
		if index == nil {
			continue
		}
		tree := f.inlTree()
		if tree == nil {
			return false
		}
		c, ok := t.inlCall(tree, 0)
		if !ok || uint64(c.name) >= uint64(len(t.names)) || c.name > 0 && t.names[c.name-1] != 0 || len(t.name(c.name)) == 0 ||
			c.parentPC < 0 || uint64(c.parentPC) > f.size {
			return false
		}
		checked++
	}
	return checked > 0
}
