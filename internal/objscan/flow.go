package objscan

import (
	"encoding/binary"
	"slices"

	"golang.org/x/arch/x86/x86asm"
)

// An insn is one instruction as far as control flow goes.
type insn struct {
	off, size int
	jump      int // offset of a direct jump's target, -1 where there is none
	call      int // offset of a direct call's target, where isCall
	isCall    bool
	next      bool // control may go on behind it
	ret       bool // it leaves the function: a return or a jump that cannot be followed
}

// instructions decodes a function's code, nil on architectures
// that it does not know.
func instructions(goarch string, code []byte) []insn {
	switch goarch {
	case "amd64":
		return instructionsAMD64(code)
	case "arm64":
		return instructionsARM64(code)
	}
	return nil
}

func instructionsAMD64(code []byte) []insn {
	out := make([]insn, 0, len(code)/4)
	for off := 0; off < len(code); {
		x, err := decodeAMD64(code[off:])
		if err != nil || x.Len == 0 {
			// An instruction of hand-written assembly: the next ones are
			// found again soon.
			x = x86asm.Inst{Len: 1}
		}
		in := insn{off: off, size: x.Len, jump: -1, next: true}
		switch x.Op {
		case x86asm.RET, x86asm.LRET:
			in.next, in.ret = false, true
		case x86asm.UD2, x86asm.UD1, x86asm.INT, x86asm.HLT:
			in.next = false
		case x86asm.JMP:
			in.next = false
			if rel, ok := x.Args[0].(x86asm.Rel); ok {
				in.jump = off + x.Len + int(rel)
			} else {
				in.ret = true
			}
		default:
			if rel, ok := x.Args[0].(x86asm.Rel); ok {
				if x.Op == x86asm.CALL {
					in.call, in.isCall = off+x.Len+int(rel), true
				} else {
					in.jump = off + x.Len + int(rel)
				}
			}
		}
		out = append(out, in)
		off += x.Len
	}
	return out
}

func instructionsARM64(code []byte) []insn {
	out := make([]insn, 0, len(code)/4)
	for off := 0; off+4 <= len(code); off += 4 {
		w := binary.LittleEndian.Uint32(code[off:])
		in := insn{off: off, size: 4, jump: -1, next: true}
		rel := func(bits, shift uint) int { // a signed field, in instructions
			return off + 4*int(int32(w<<(32-bits-shift))>>(32-bits))
		}
		switch {
		case w>>26 == 0b000101: // B
			in.next, in.jump = false, rel(26, 0)
		case w>>26 == 0b100101: // BL
			in.call, in.isCall = rel(26, 0), true
		case w>>24 == 0b01010100, w>>25&0x3f == 0b011010: // B.cond, CBZ, CBNZ
			in.jump = rel(19, 5)
		case w>>25&0x3f == 0b011011: // TBZ, TBNZ
			in.jump = rel(14, 5)
		case w&0xfffffc1f == 0xd65f0000, w&0xfffffc1f == 0xd61f0000: // RET, BR
			in.next, in.ret = false, true
		case w>>21 == 0b11010100001, w>>16 == 0: // BRK, UDF
			in.next = false
		}
		out = append(out, in)
	}
	return out
}

// returning tells for each instruction whether control can come from it to a
// return. dead are offsets of calls that do not return, in rising order.
func returning(code []insn, dead []int) []bool {
	out := make([]bool, len(code))
	find := func(off int) (int, bool) {
		return slices.BinarySearchFunc(code, off, func(in insn, off int) int { return in.off - off })
	}
	stop := make([]bool, len(code))
	for _, off := range dead {
		if i, ok := find(off); ok {
			stop[i] = true
		} else if i > 0 {
			stop[i-1] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for i := len(code) - 1; i >= 0; i-- {
			in := code[i]
			if out[i] {
				continue
			}
			ok := in.ret || in.next && !stop[i] && i+1 < len(code) && out[i+1]
			if in.jump >= 0 && !ok {
				j, within := find(in.jump)
				ok = !within || out[j] // or a jump to another function
			}
			if ok {
				out[i], changed = true, true
			}
		}
	}
	return out
}
