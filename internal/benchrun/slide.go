package benchrun

import (
	"debug/elf"
	"debug/macho"
	"fmt"
)

// slideOf returns by how much a process had binary moved in memory; text is the
// address of runtime.text in the process.
func slideOf(binary string, text uint64) (uint64, error) {
	linked, fixed, err := linkedText(binary)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", binary, err)
	}
	if fixed {
		return 0, nil
	}
	if linked == 0 {
		return 0, &Unsupported{What: "position-independent binary without symbols (-ldflags=-s)"}
	}
	return text - linked, nil
}

// linkedText returns the address that the linker gave runtime.text, 0 if the
// symbols are stripped; fixed reports that the binary cannot be moved.
func linkedText(binary string) (addr uint64, fixed bool, err error) {
	if f, err := elf.Open(binary); err == nil {
		defer f.Close()
		if f.Type == elf.ET_EXEC {
			return 0, true, nil
		}
		syms, _ := f.Symbols()
		for _, s := range syms {
			if s.Name == "runtime.text" {
				return s.Value, false, nil
			}
		}
		return 0, false, nil
	}
	f, err := macho.Open(binary)
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	if f.Symtab != nil {
		for _, s := range f.Symtab.Syms {
			if s.Name == "runtime.text" || s.Name == "_runtime.text" {
				return s.Value, false, nil
			}
		}
	}
	return 0, false, nil
}
