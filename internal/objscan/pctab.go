package objscan

// A pcTable is a table of values by PC as object files and pclntab hold it:
// pairs of varints, the change of the value (zigzag) and of the PC (in units
// of the shortest instruction). It starts at the value -1 and ends at a
// change of 0 that is not the first.
type pcTable []byte

// at is the value at an offset from the function's start, -1 where the table
// ends before it or is broken.
//
//stackward:noalloc
func (t pcTable) at(off, quantum int) int32 {
	v := int32(-1)
	for pc, first := 0, true; ; first = false {
		dv, n := uvarint(t)
		if n == 0 || dv == 0 && !first {
			return -1
		}
		t = t[n:]
		dpc, n := uvarint(t)
		if n == 0 {
			return -1
		}
		t = t[n:]
		v += int32(dv>>1) ^ -int32(dv&1)
		pc += int(dpc) * quantum
		if off < pc {
			return v
		}
	}
}

// uvarint reads a varint of at most 32 bits; n is 0 where there is none.
//
//stackward:noalloc
func uvarint(b []byte) (v uint32, n int) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint32(b[0]), 1
	}
	for shift := 0; n < len(b) && shift < 35; shift += 7 {
		c := b[n]
		n++
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v, n
		}
	}
	return 0, 0
}

// pcQuantum is the shortest instruction of an architecture in bytes, the unit
// of PCs in tables (cmd/internal/sys/arch.go, MinLC).
func pcQuantum(goarch string) int {
	switch goarch {
	case "amd64", "386", "wasm":
		return 1
	case "s390x":
		return 2
	}
	return 4
}
