package objscan

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"golang.org/x/arch/arm64/arm64asm"
	"golang.org/x/arch/x86/x86asm"

	"github.com/stackward-go/stackward/alloc"
)

// maxInline bounds an inline stack; the compiler stops far below.
const maxInline = 1000

var (
	errOffset = errors.New("offset beyond the file")
	errInline = errors.New("inline tree is broken")
)

// A typeSize is what a type's descriptor says of its memory.
type typeSize struct {
	bytes  int64
	noscan bool
}

// sized are the entries that take a value of one size instead of a type
// (runtime/iface.go).
var sized = map[string]typeSize{
	"runtime.convT16":     {2, true},
	"runtime.convT32":     {4, true},
	"runtime.convT64":     {8, true},
	"runtime.convTstring": {16, false},
	"runtime.convTslice":  {24, false},
}

// A typeFinder looks for the type whose address is in the arg-th integer
// argument register; size gives its size.
type typeFinder func(arg int) (name string, size func() (typeSize, bool))

// operand fills in the type that a call hands to its entry. typeArg is the
// register that takes it where the toolchain's declarations say so.
func operand(c *alloc.Call, goarch string, typeArg map[string]int, find typeFinder) {
	c.Bytes = -1
	if z, ok := sized[c.Entry]; ok {
		c.Bytes, c.Noscan = z.bytes, z.noscan
		if wordSize(goarch) == 4 && z.bytes > 8 {
			c.Bytes /= 2
		}
		return
	}
	arg, ok := typeArg[c.Entry]
	if !ok {
		arg = defaultTypeArg(c.Entry)
	}
	if arg < 0 {
		return
	}
	t, size := find(arg)
	if t == "" {
		return
	}
	// The compiler marks structs that are never compared; nobody prints that.
	c.Type = unescape(strings.TrimPrefix(t, "noalg."))
	for _, p := range []string{"map", "chan"} {
		if strings.Contains(c.Entry[strings.LastIndexByte(c.Entry, '.')+1:], p) {
			return // a map or channel is not made of its type's bytes
		}
	}
	if z, ok := size(); ok {
		c.Bytes, c.Noscan = z.bytes, z.noscan
	}
}

// defaultTypeArg is the integer register that takes an entry's type where
// nothing is declared: the first, as in what reflect was given by linkname.
// In an entry that takes no type it holds something else. It is -1 for
// entries without parameters.
func defaultTypeArg(entry string) int {
	switch {
	case strings.HasPrefix(entry, allocators): // size, type, …
		return 1
	case strings.HasPrefix(entry, "runtime.growslice"): // pointer, length, capacity, number, element type
		return 4
	case entry == "runtime.makemap_small", entry == "runtime.deferrangefunc":
		return -1
	}
	return 0
}

func wordSize(goarch string) int {
	switch goarch {
	case "386", "arm", "mips", "mipsle":
		return 4
	}
	return 8
}

// amd64Args are the numbers of the integer argument registers, in order: AX,
// BX, CX, DI, SI, R8 to R11 (cmd/compile/abi-internal.md). On arm64 they are
// R0 to R15.
var amd64Args = []int{0, 3, 1, 7, 6, 8, 9, 10, 11}

// addressLoad reports an instruction that puts an address, to which the
// relocation at off belongs, into the arg-th argument register; end is where
// the next instruction starts.
func addressLoad(goarch string, code []byte, off, arg int) (end int, ok bool) {
	if arg < 0 {
		return 0, false
	}
	switch goarch {
	case "amd64":
		// LEAQ disp32(IP), reg: REX.W, 8D, mod 00 and r/m 101.
		if arg >= len(amd64Args) || off < 3 || off+4 > len(code) {
			return 0, false
		}
		rex, op, modrm := code[off-3], code[off-2], code[off-1]
		reg := int(modrm>>3&7) | int(rex>>2&1)<<3
		return off + 4, rex&^4 == 0x48 && op == 0x8d && modrm&0xc7 == 0x05 && reg == amd64Args[arg]
	case "arm64":
		// ADRP reg; ADD reg, reg.
		if arg > 15 || off+8 > len(code) {
			return 0, false
		}
		adrp := binary.LittleEndian.Uint32(code[off:])
		add := binary.LittleEndian.Uint32(code[off+4:])
		return off + 8, adrp>>31 == 1 && adrp>>24&0x1f == 0b10000 && add>>24 == 0x91 && int(add&31) == arg && int(add>>5&31) == int(adrp&31)
	}
	return 0, false
}

// overwritten reports whether an instruction in code changes the arg-th
// argument register, or may.
func overwritten(goarch string, code []byte, arg int) bool {
	switch goarch {
	case "amd64":
		for len(code) > 0 {
			if code[0] == 0xe8 { // the call itself, without its operand
				return false
			}
			in, err := decodeAMD64(code)
			if err != nil || in.Len == 0 {
				return len(code) > 1 // else the opcode of the call
			}
			if writesAMD64(in, amd64Args[arg]) {
				return true
			}
			code = code[in.Len:]
		}
	case "arm64":
		for ; len(code) >= 4; code = code[4:] {
			in, err := decodeARM64(code)
			if err == nil && writesARM64(in, arg) {
				return true
			}
		}
	}
	return false
}

// readers are instructions whose first operand is not changed.
var readersAMD64 = []x86asm.Op{
	x86asm.CMP, x86asm.TEST, x86asm.PUSH, x86asm.BT, x86asm.NOP, x86asm.JMP, x86asm.UCOMISD, x86asm.UCOMISS,
}

func writesAMD64(in x86asm.Inst, reg int) bool {
	switch in.Op {
	case x86asm.CALL:
		return true
	case x86asm.MUL, x86asm.DIV, x86asm.IDIV, x86asm.CMPXCHG, x86asm.CWD, x86asm.CDQ, x86asm.CQO, x86asm.CPUID:
		if reg == 0 || in.Op == x86asm.CPUID && (reg == 3 || reg == 1) {
			return true
		}
	case x86asm.MOVSB, x86asm.MOVSW, x86asm.MOVSD, x86asm.MOVSQ, x86asm.STOSB, x86asm.STOSQ:
		if reg == 7 || reg == 6 || reg == 1 {
			return true
		}
	case x86asm.XCHG, x86asm.XADD:
		if r, ok := in.Args[1].(x86asm.Reg); ok && regNumber(r) == reg {
			return true
		}
	}
	if slices.Contains(readersAMD64, in.Op) {
		return false
	}
	r, ok := in.Args[0].(x86asm.Reg)
	return ok && regNumber(r) == reg
}

// regNumber is the number of the whole register that r is a part of.
func regNumber(r x86asm.Reg) int {
	switch {
	case r >= x86asm.AL && r <= x86asm.BL:
		return int(r - x86asm.AL)
	case r >= x86asm.AH && r <= x86asm.BH:
		return int(r - x86asm.AH)
	case r >= x86asm.SPB && r <= x86asm.DIB:
		return int(r-x86asm.SPB) + 4
	case r >= x86asm.R8B && r <= x86asm.R15B:
		return int(r-x86asm.R8B) + 8
	case r >= x86asm.AX && r <= x86asm.R15W:
		return int(r - x86asm.AX)
	case r >= x86asm.EAX && r <= x86asm.R15L:
		return int(r - x86asm.EAX)
	case r >= x86asm.RAX && r <= x86asm.R15:
		return int(r - x86asm.RAX)
	}
	return -1
}

func writesARM64(in arm64asm.Inst, reg int) bool {
	is := func(a arm64asm.Arg) bool {
		switch r := a.(type) {
		case arm64asm.Reg:
			return r == arm64asm.X0+arm64asm.Reg(reg) || r == arm64asm.W0+arm64asm.Reg(reg)
		case arm64asm.RegSP:
			return arm64asm.Reg(r) == arm64asm.X0+arm64asm.Reg(reg)
		}
		return false
	}
	op := in.Op.String()
	switch {
	case op == "BL" || op == "BLR":
		return true
	case strings.HasPrefix(op, "ST"), strings.HasPrefix(op, "CB"), strings.HasPrefix(op, "TB"), strings.HasPrefix(op, "CMP"), strings.HasPrefix(op, "CMN"), strings.HasPrefix(op, "TST"), strings.HasPrefix(op, "CCM"):
		return false
	case strings.HasPrefix(op, "LDP"):
		return is(in.Args[0]) || is(in.Args[1])
	}
	return is(in.Args[0])
}
