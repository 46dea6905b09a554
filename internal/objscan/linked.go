package objscan

import (
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// Calls yields the calls in the whole program that may allocate, by address.
// Calls of incidental entries are left out. The entries are derived as those
// of a [Scanner], from the runtime that is linked in; a function counts as
// called by compiled code if there is such a call in the program.
func (b *Binary) Calls() iter.Seq2[alloc.Call, error] {
	return func(yield func(alloc.Call, error) bool) {
		switch b.image.goarch {
		case "amd64", "arm64":
		default:
			yield(alloc.Call{}, fmt.Errorf("reading executable %s: calls on %s are not supported", b.file, b.image.goarch))
			return
		}
		entries, err := b.entries()
		if err != nil {
			yield(alloc.Call{}, fmt.Errorf("reading executable %s: %w", b.file, err))
			return
		}
		targets := make(map[uint64]string) // entries by address
		barriers := make(map[uint64]bool)  // write barriers keep registers
		for i := range b.table.nfunc {
			f, _ := b.table.fn(i)
			name := string(f.name())
			if entries[name] == dedicated {
				targets[f.off] = name
			}
			if strings.HasPrefix(name, "gcWriteBarrier") || strings.HasPrefix(name, "runtime.gcWriteBarrier") {
				barriers[f.off] = true
			}
		}
		for i := range b.table.nfunc {
			f, _ := b.table.fn(i)
			code := b.code(f)
			if !b.callsAny(code, f.off, func(to uint64) bool { return targets[to] != "" }) {
				continue
			}
			for _, c := range b.funcCalls(f, code, targets, barriers) {
				if !yield(c, nil) {
					return
				}
			}
		}
	}
}

// code is a function's machine code and the padding behind it.
func (b *Binary) code(f pcFunc) []byte {
	code, ok := b.image.read(b.table.text+f.off, f.size)
	if !ok {
		return nil
	}
	return code
}

// callsAny reports whether code, at an offset in the text, has what looks like
// a direct call or jump to an address, an offset too, that ok accepts.
func (b *Binary) callsAny(code []byte, off uint64, ok func(to uint64) bool) bool {
	if b.image.goarch == "arm64" {
		for at := 0; at+4 <= len(code); at += 4 {
			w := binary.LittleEndian.Uint32(code[at:])
			if w>>26&0x1f == 0b00101 && ok(off+uint64(at)+uint64(int64(int32(w<<6)>>6)*4)) {
				return true
			}
		}
		return false
	}
	for at := 0; at+5 <= len(code); at++ {
		if code[at]&^1 == 0xe8 {
			rel := int32(binary.LittleEndian.Uint32(code[at+1:]))
			if ok(off + uint64(at) + 5 + uint64(int64(rel))) {
				return true
			}
		}
	}
	return false
}

// entries derives the entries of the runtime in the program.
func (b *Binary) entries() (map[string]entryKind, error) {
	t := b.table
	byStart := make(map[uint64]string, t.nfunc)
	own := make(map[string]bool) // functions whose code is the runtime's
	for i := range t.nfunc {
		f, _ := t.fn(i)
		name := string(f.name())
		byStart[f.off] = name
		if strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") || b.fromRuntime(f) {
			own[name] = true
		}
	}
	g := &graph{goarch: b.image.goarch, nodes: make(map[string]*node)}
	called := make(map[string]bool)
	for i := range t.nfunc {
		f, _ := t.fn(i)
		name := string(f.name())
		code := b.code(f)
		if !own[name] {
			b.callsAny(code, f.off, func(to uint64) bool {
				if callee := byStart[to]; own[callee] {
					called[callee] = true
				}
				return false
			})
			continue
		}
		n := &node{name: name, code: code, decoded: true, insns: instructions(g.goarch, code)}
		closures := map[string]bool{}
		onSystemStack := false
		for _, in := range n.insns {
			to := in.jump
			if in.isCall {
				to = in.call
			} else if to >= 0 && to < len(code) || to == -1 {
				if !in.isCall {
					if c, ok := b.closure(f, code, in, byStart); ok && strings.HasPrefix(c, name+".func") {
						closures[c] = true
					}
					continue
				}
			}
			if callee := byStart[f.off+uint64(int64(to))]; callee != "" && callee != name {
				n.calls = append(n.calls, edge{callee, in.off})
				onSystemStack = onSystemStack || callee == "runtime.systemstack"
			}
		}
		if onSystemStack {
			for c := range closures {
				n.calls = append(n.calls, edge{c, -1})
			}
		}
		if old := g.nodes[name]; old == nil || len(old.calls) < len(n.calls) {
			g.nodes[name] = n
		}
	}
	return derive(g, func(name string) bool { return called[name] && !exported(name) })
}

// fromRuntime reports a function that the runtime's own source defines, under
// whatever name.
func (b *Binary) fromRuntime(f pcFunc) bool {
	file := b.fileName(f.cu(), f.file().at(0, b.table.quantum))
	dir := file[:strings.LastIndexByte(file, '/')+1]
	return dir == "runtime/" || strings.HasSuffix(dir, "/src/runtime/") || strings.HasSuffix(dir, "/src/internal/runtime/maps/") || dir == "internal/runtime/maps/"
}

// closure is the function whose code or value's address an instruction loads.
func (b *Binary) closure(f pcFunc, code []byte, in insn, byStart map[uint64]string) (string, bool) {
	pc := b.table.text + f.off + uint64(in.off)
	var addr uint64
	switch b.image.goarch {
	case "amd64":
		c := code[in.off : in.off+in.size]
		if len(c) != 7 || c[0]&^4 != 0x48 || c[1] != 0x8d || c[2]&0xc7 != 0x05 {
			return "", false
		}
		addr = pc + 7 + uint64(int64(int32(binary.LittleEndian.Uint32(c[3:]))))
	case "arm64":
		if in.off+8 > len(code) {
			return "", false
		}
		page, reg, ok := adrp(binary.LittleEndian.Uint32(code[in.off:]), pc)
		add := binary.LittleEndian.Uint32(code[in.off+4:])
		if !ok || add>>22 != 0x91000000>>22 || int(add>>5&31) != reg {
			return "", false
		}
		addr = page + uint64(add>>10&0xfff)
	}
	if name := byStart[addr-b.table.text]; name != "" {
		return name, true
	}
	p, ok := b.image.word(b.image.at(addr))
	if !ok {
		return "", false
	}
	name, ok := byStart[p-b.table.text]
	return name, ok
}

// adrp decodes the arm64 instruction that puts the address of a page into a
// register.
func adrp(w uint32, pc uint64) (page uint64, reg int, ok bool) {
	if w>>31 != 1 || w>>24&0x1f != 0b10000 {
		return 0, 0, false
	}
	imm := int64(int32(w<<8)>>13)<<2 | int64(w>>29&3)
	return pc&^0xfff + uint64(imm<<12), int(w & 31), true
}

// funcCalls are a function's allocating calls. The addresses that its code
// puts into registers are followed to find each call's type.
func (b *Binary) funcCalls(f pcFunc, code []byte, targets map[uint64]string, barriers map[uint64]bool) []alloc.Call {
	var calls []alloc.Call
	var regs [32]uint64 // addresses in registers, 0 where unknown
	name := unescape(string(f.name()))
	for _, in := range instructions(b.image.goarch, code) {
		to := in.jump
		if in.isCall {
			to = in.call
		}
		target := f.off + uint64(int64(to))
		entry := targets[target]
		if to == -1 || entry == name && !in.isCall {
			entry = ""
		}
		if entry == "" {
			if !in.isCall || !barriers[target] {
				b.follow(&regs, f, code, in)
			}
			continue
		}
		frames := b.frames(f, in.off, true)
		if len(frames) == 0 { // in the code of a wrapper itself
			frames = b.frames(f, in.off, false)
		}
		c := alloc.Call{Package: b.packageOf(name), Entry: entry, Frames: frames}
		operand(&c, b.image.goarch, nil, func(arg int) (string, func() (typeSize, bool)) {
			reg := arg
			if b.image.goarch == "amd64" {
				if arg >= len(amd64Args) {
					return "", nil
				}
				reg = amd64Args[arg]
			}
			typ, size, ok := b.rtype(regs[reg])
			return typ, func() (typeSize, bool) { return size, ok }
		})
		calls = append(calls, c)
		clear(regs[:])
	}
	return calls
}

// follow applies one instruction to the addresses known to be in registers.
func (b *Binary) follow(regs *[32]uint64, f pcFunc, code []byte, in insn) {
	pc := b.table.text + f.off + uint64(in.off)
	c := code[in.off : in.off+in.size]
	if in.isCall {
		clear(regs[:])
		return
	}
	if b.image.goarch == "arm64" {
		w := binary.LittleEndian.Uint32(c)
		if page, reg, ok := adrp(w, pc); ok {
			regs[reg] = page
			return
		}
		if w>>22 == 0x91000000>>22 { // ADD immediate, 64 bit
			to, from := int(w&31), int(w>>5&31)
			if regs[from] != 0 {
				regs[to] = regs[from] + uint64(w>>10&0xfff)
			} else {
				regs[to] = 0
			}
			return
		}
		x, err := decodeARM64(c)
		if err != nil {
			return
		}
		for reg, addr := range regs {
			if addr != 0 && writesARM64(x, reg) {
				regs[reg] = 0
			}
		}
		return
	}
	if len(c) == 7 && c[0]&^4 == 0x48 && c[1] == 0x8d && c[2]&0xc7 == 0x05 {
		reg := int(c[2]>>3&7) | int(c[0]>>2&1)<<3
		regs[reg] = pc + 7 + uint64(int64(int32(binary.LittleEndian.Uint32(c[3:]))))
		return
	}
	if !slices.ContainsFunc(regs[:], func(a uint64) bool { return a != 0 }) {
		return
	}
	x, err := decodeAMD64(c)
	if err != nil {
		clear(regs[:])
		return
	}
	for reg, addr := range regs {
		if addr != 0 && writesAMD64(x, reg) {
			regs[reg] = 0
		}
	}
}

// packageOf is the import path of the package that a function belongs to.
func (b *Binary) packageOf(name string) string {
	path := pathOf(name)
	if path == "main" && b.mainPath != "" {
		return b.mainPath
	}
	return path
}
