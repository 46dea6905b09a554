// Package asmlist reads the compiler's assembly listing (-S) for what a function
// keeps in its frame.
//
//	text of go build -gcflags=-S → Read → Func, the places of its frame that it names
//
// An instruction names a variable with its place: "example.com/m.buf+48(SP)".
// Where the place is below zero, as on arm64, it is told from the top of the
// frame. What the compiler has made itself is named "example.com/m..autotmp_7".
// Nothing else that the toolchain leaves has both: the debug information of an
// optimised build has no place for most variables that stay in one (go1.26: an
// empty DW_AT_location of arrays and of what has its address taken).
//
// A line of the listing is that of the innermost inlined body. A variable that no
// instruction names is not seen; it has no place either, as a rule.
package asmlist

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
)

// A Func is one function of a listing.
type Func struct {
	Symbol string // as the linker writes it
	// Touches are the instructions' uses of named places of the frame and of the
	// arguments above it, in the order of the code.
	Touches []Touch
}

// A Touch is one use of a place.
type Touch struct {
	Var    string // the variable, without its package
	Temp   bool   // it is the compiler's own
	Part   bool   // it is a word, or less, of what the compiler took apart: "s.len"
	Offset int64  // from the stack pointer, below zero from the top of the frame
	File   string
	Line   int
}

// Concerns reports a line that [Read] needs: of a listing there are few.
func Concerns(line []byte) bool {
	return bytes.Contains(line, []byte("(SP)")) && bytes.HasPrefix(line, []byte("\t0x")) || bytes.Contains(line, []byte(" STEXT "))
}

// longest is the longest line that is read: types with all their arguments are in
// them.
const longest = 1 << 20

// Read yields the functions of a listing whose symbols are wanted. An error ends it.
func Read(r io.Reader, want func(symbol string) bool) iter.Seq2[*Func, error] {
	return func(yield func(*Func, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, longest)
		var f *Func
		for lines.Scan() {
			line := lines.Bytes()
			if symbol, _, ok := bytes.Cut(line, []byte(" STEXT ")); ok && len(symbol) > 0 && symbol[0] != '\t' {
				if f != nil && !yield(f, nil) {
					return
				}
				if f = nil; want(string(symbol)) {
					f = &Func{Symbol: string(symbol)}
				}
				continue
			}
			if f != nil {
				f.read(line)
			}
		}
		if f != nil && !yield(f, nil) {
			return
		}
		if err := lines.Err(); err != nil {
			yield(nil, fmt.Errorf("reading the compiler's listing: %w", err))
		}
	}
}

// read takes what an instruction touches:
//
//	<tab>0x0025 00037 (/src/m.go:24)<tab>LEAQ<tab>example.com/m.a+3056(SP), DI
func (f *Func) read(line []byte) {
	place, code, ok := bytes.Cut(bytes.TrimPrefix(line, []byte("\t")), []byte("\t"))
	if !ok {
		return
	}
	_, place, _ = bytes.Cut(place, []byte("("))
	place, ok = bytes.CutSuffix(place, []byte(")"))
	colon := bytes.LastIndexByte(place, ':')
	if !ok || colon < 0 {
		return // of an unknown line
	}
	n, err := strconv.Atoi(string(place[colon+1:]))
	if err != nil {
		return
	}
	for rest := string(code); ; {
		operand, after, ok := strings.Cut(rest, "(SP)")
		if !ok {
			return
		}
		rest = after
		if t, ok := touch(operand); ok {
			t.File, t.Line = string(place[:colon]), n
			f.Touches = append(f.Touches, t)
		}
	}
}

// touch reads the end of "LEAQ<tab>example.com/m.a+3056", or of one without an offset.
func touch(operand string) (Touch, bool) {
	name, off := operand, int64(0)
	if sign := strings.LastIndexAny(operand, "+-"); sign >= 0 {
		if n, err := strconv.ParseInt(operand[sign:], 10, 64); err == nil {
			name, off = operand[:sign], n
		}
	}
	name = name[strings.LastIndexAny(name, "\t ,$(")+1:]
	name = name[strings.LastIndexByte(name, '/')+1:]
	_, name, ok := strings.Cut(name, ".")
	if !ok || name == "" {
		return Touch{}, false
	}
	// A part is named for what it is of: s.ptr, p.field, a[0] (SplitSlot,
	// cmd/compile/internal/ssagen/ssa.go, go1.26).
	return Touch{Var: name, Temp: strings.HasPrefix(name, ".autotmp_"), Part: strings.ContainsAny(name[1:], ".["), Offset: off}, true
}
