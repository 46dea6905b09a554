package objscan

import (
	"errors"
	"sync"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"
)

var errDecode = errors.New("instruction is cut short")

// arm64asm.Decode notes in a table of its package which forms it has met
// (x/arch v0.32.0, arm64asm/decode.go): one goroutine at a time may call it.
var arm64Decoder sync.Mutex

// decodeARM64 decodes one instruction.
func decodeARM64(code []byte) (arm64asm.Inst, error) {
	arm64Decoder.Lock()
	defer arm64Decoder.Unlock()
	return arm64asm.Decode(code)
}

// decodeAMD64 decodes one instruction. x86asm knows no VEX and EVEX encodings,
// which the compiler uses from GOAMD64=v3 on: of these it gives the length,
// and the register written where it is a general one, as an instruction
// without an Op.
func decodeAMD64(code []byte) (x86asm.Inst, error) {
	if len(code) > 0 && (code[0] == 0xc4 || code[0] == 0xc5 || code[0] == 0x62) {
		return decodeVEX(code)
	}
	return x86asm.Decode(code, 64)
}

// decodeVEX decodes the prefix, the opcode's map and the operands' length of
// an instruction (Intel SDM volume 2, 2.3 and 2.7).
//
//	C5 RvvvvLpp                opcode modrm …   map 1
//	C4 RXBmmmmm WvvvvLpp       opcode modrm …
//	62 RXBR'0mmm Wvvvv1pp …    opcode modrm …
//
//stackward:noalloc
func decodeVEX(code []byte) (x86asm.Inst, error) {
	prefix, opmap := 2, byte(1)
	if len(code) < 6 {
		if len(code) < 4 || code[0] == 0x62 {
			return x86asm.Inst{}, errDecode
		}
	}
	r, vvvv := code[1]&0x80 == 0, ^code[1]>>3&15
	switch code[0] {
	case 0xc4:
		prefix, opmap = 3, code[1]&31
		vvvv = ^code[2] >> 3 & 15
	case 0x62:
		prefix, opmap = 4, code[1]&7
	}
	if prefix+2 > len(code) {
		return x86asm.Inst{}, errDecode
	}
	op, modrm := code[prefix], code[prefix+1]
	n := prefix + 2
	if op == 0x77 && opmap == 1 { // VZEROUPPER has no operands
		return x86asm.Inst{Len: prefix + 1}, nil
	}
	mod, rm := modrm>>6, modrm&7
	if mod != 3 && rm == 4 {
		if n >= len(code) {
			return x86asm.Inst{}, errDecode
		}
		if mod == 0 && code[n]&7 == 5 {
			n += 4
		}
		n++
	}
	switch {
	case mod == 1:
		n++
	case mod == 2, mod == 0 && rm == 5:
		n += 4
	}
	if opmap == 3 || opmap == 1 && (op == 0xc2 || op >= 0xc4 && op <= 0xc6 || op >= 0x70 && op <= 0x73) {
		n++ // an immediate
	}
	if n > len(code) {
		return x86asm.Inst{}, errDecode
	}
	in := x86asm.Inst{Len: n}
	reg := modrm >> 3 & 7
	if r {
		reg |= 8
	}
	switch {
	case code[0] != 0xc4:
	case opmap == 2 && (op == 0xf2 || op == 0xf5 || op == 0xf7), opmap == 3 && op == 0xf0: // ANDN, BZHI, SHLX, RORX and the like
		in.Args[0] = x86asm.RAX + x86asm.Reg(reg)
	case opmap == 2 && op == 0xf6: // MULX writes two
		in.Args[0] = x86asm.RAX + x86asm.Reg(reg)
	case opmap == 2 && op == 0xf3: // BLSR, BLSI, BLSMSK
		in.Args[0] = x86asm.RAX + x86asm.Reg(vvvv)
	}
	return in, nil
}
