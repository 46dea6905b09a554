package objscan

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"encoding/binary"
	"errors"
	"fmt"
)

// An image is an executable as it lies in memory, at link-time addresses.
type image struct {
	goarch   string
	order    byteOrder
	ptrSize  int
	segments []segment
	// symbols gives the address of a symbol, where the file has any.
	symbols func(name string) (uint64, bool)
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// orderOf is the byte order of a file, for containers that know both.
func orderOf(o binary.ByteOrder) byteOrder {
	if o == binary.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// A segment is a stretch of memory with content in the file.
type segment struct {
	addr uint64
	data []byte
	exec bool
}

var errContainer = errors.New("neither ELF nor Mach-O nor PE")

// newImage reads an executable. The image shares the memory of data.
func newImage(data []byte) (*image, error) {
	switch {
	case bytes.HasPrefix(data, []byte(elf.ELFMAG)):
		return elfImage(data)
	case bytes.HasPrefix(data, []byte("MZ")):
		return peImage(data)
	case len(data) >= 4:
		switch binary.LittleEndian.Uint32(data) {
		case macho.Magic64, macho.Magic32:
			return machoImage(data)
		}
		if binary.BigEndian.Uint32(data) == macho.MagicFat {
			return nil, errors.New("a Mach-O file of several architectures: extract one with lipo")
		}
	}
	return nil, errContainer
}

// add adds a segment, as far as the file holds it.
func (m *image) add(file []byte, addr, off, size uint64, exec bool) {
	if off >= uint64(len(file)) {
		return
	}
	size = min(size, uint64(len(file))-off)
	if size > 0 && addr+size >= addr {
		m.segments = append(m.segments, segment{addr, file[off : off+size : off+size], exec})
	}
}

// at is the memory from an address to the end of its segment, nil where there
// is none.
//
//stackward:noalloc
func (m *image) at(addr uint64) []byte {
	for _, s := range m.segments {
		if addr >= s.addr && addr-s.addr < uint64(len(s.data)) {
			return s.data[addr-s.addr:]
		}
	}
	return nil
}

// read is n bytes of memory.
func (m *image) read(addr, n uint64) ([]byte, bool) {
	b := m.at(addr)
	if uint64(len(b)) < n {
		return nil, false
	}
	return b[:n], true
}

// word reads a pointer from the start of b.
func (m *image) word(b []byte) (uint64, bool) {
	if len(b) < m.ptrSize {
		return 0, false
	}
	if m.ptrSize == 4 {
		return uint64(m.order.Uint32(b)), true
	}
	return m.order.Uint64(b), true
}

func elfImage(data []byte) (*image, error) {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m := &image{order: orderOf(f.ByteOrder), ptrSize: 8}
	if f.Class == elf.ELFCLASS32 {
		m.ptrSize = 4
	}
	switch f.Machine {
	case elf.EM_X86_64:
		m.goarch = "amd64"
	case elf.EM_AARCH64:
		m.goarch = "arm64"
	case elf.EM_386:
		m.goarch = "386"
	default:
		m.goarch = f.Machine.String()
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			m.add(data, p.Vaddr, p.Off, p.Filesz, p.Flags&elf.PF_X != 0)
		}
	}
	relocateELF(m, f)
	m.symbols = func(name string) (uint64, bool) {
		syms, _ := f.Symbols()
		for _, s := range syms {
			if s.Name == name {
				return s.Value, true
			}
		}
		return 0, false
	}
	return m, nil
}

// relocateELF writes the addresses that the loader of a position-independent
// executable would, for a load at its link-time addresses.
func relocateELF(m *image, f *elf.File) {
	if f.Type != elf.ET_DYN || m.ptrSize != 8 {
		return
	}
	var relative uint32
	switch f.Machine {
	case elf.EM_X86_64:
		relative = uint32(elf.R_X86_64_RELATIVE)
	case elf.EM_AARCH64:
		relative = uint32(elf.R_AARCH64_RELATIVE)
	default:
		return
	}
	copied := make(map[int]bool)
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA {
			continue
		}
		b, err := s.Data()
		if err != nil {
			continue
		}
		for ; len(b) >= 24; b = b[24:] {
			if uint32(m.order.Uint64(b[8:])) != relative {
				continue
			}
			addr := m.order.Uint64(b)
			for i := range m.segments {
				g := &m.segments[i]
				if addr < g.addr || addr-g.addr+8 > uint64(len(g.data)) {
					continue
				}
				if !copied[i] {
					g.data, copied[i] = bytes.Clone(g.data), true
				}
				m.order.PutUint64(g.data[addr-g.addr:], m.order.Uint64(b[16:]))
			}
		}
	}
}

func machoImage(data []byte) (*image, error) {
	f, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m := &image{order: orderOf(f.ByteOrder), ptrSize: 8}
	switch f.Cpu {
	case macho.CpuAmd64:
		m.goarch = "amd64"
	case macho.CpuArm64:
		m.goarch = "arm64"
	default:
		return nil, fmt.Errorf("CPU %v is not supported", f.Cpu)
	}
	for _, l := range f.Loads {
		if s, ok := l.(*macho.Segment); ok {
			m.add(data, s.Addr, s.Offset, s.Filesz, s.Prot&4 != 0)
		}
	}
	m.symbols = func(name string) (uint64, bool) {
		if f.Symtab != nil {
			for _, s := range f.Symtab.Syms {
				if s.Name == name || s.Name == "_"+name {
					return s.Value, true
				}
			}
		}
		return 0, false
	}
	return m, nil
}

func peImage(data []byte) (*image, error) {
	f, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	m := &image{order: binary.LittleEndian, ptrSize: 8}
	switch f.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		m.goarch = "amd64"
	case pe.IMAGE_FILE_MACHINE_ARM64:
		m.goarch = "arm64"
	case pe.IMAGE_FILE_MACHINE_I386:
		m.goarch, m.ptrSize = "386", 4
	default:
		return nil, fmt.Errorf("machine %#x is not supported", f.Machine)
	}
	var base uint64
	switch h := f.OptionalHeader.(type) {
	case *pe.OptionalHeader64:
		base = h.ImageBase
	case *pe.OptionalHeader32:
		base = uint64(h.ImageBase)
	}
	for _, s := range f.Sections {
		m.add(data, base+uint64(s.VirtualAddress), uint64(s.Offset), uint64(s.Size), s.Characteristics&pe.IMAGE_SCN_MEM_EXECUTE != 0)
	}
	m.symbols = func(name string) (uint64, bool) {
		for _, s := range f.Symbols {
			if s.Name == name && s.SectionNumber > 0 && int(s.SectionNumber) <= len(f.Sections) {
				return base + uint64(f.Sections[s.SectionNumber-1].VirtualAddress) + uint64(s.Value), true
			}
		}
		return 0, false
	}
	return m, nil
}
