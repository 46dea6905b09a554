package returnvalue

import (
	"errors"
	"os"
	"strings"
	"sync"
)

type pos struct {
	line, col int
	next      *pos
}

func (p *pos) scan(s string) { p.col = len(s) }

func (p pos) sum() int { return p.line + p.col }

func (p *pos) me() *pos { return p }

func (p *pos) register() { all = append(all, p) }

var all []*pos

func show(p *pos) int { return p.sum() }

// All ways to make it, all ways to use it.

func literal(s string) *pos {
	return &pos{line: len(s)} // want "return a pos from literal instead of a pointer"
}

func usesLiteral() int {
	p := literal("a")
	p.line++
	p.scan("b")
	q := *p
	literal("c")
	_ = literal("d")
	return show(p) + p.sum() + q.line + literal("e").line + literal("f").sum() + (*literal("g")).col
}

func pointer(s string) (*pos, error) {
	p := &pos{line: 1} // want "return a pos from pointer instead of a pointer"
	p.scan(s)
	*p = pos{col: p.col}
	if show(p) > 10 {
		return p, errors.New("x")
	}
	return p, nil
}

func usesPointer() (n int, err error) {
	p, err := pointer("a")
	if err != nil {
		return 0, err
	}
	func() { p.line++ }()
	defer p.scan("b")
	return show(p), nil
}

func made(s string) *pos {
	p := new(pos) // want "return a pos from made instead of a pointer"
	p.scan(s)
	return p
}

func usesMade() int {
	if p := made("a"); p.line > 0 {
		return p.col
	}
	var p = made("b")
	return p.line
}

func variable(s string) *pos {
	var p pos // want "return a pos from variable instead of a pointer"
	p.scan(s)
	p = pos{p.col, p.line, nil}
	show(&p)
	return &p
}

func usesVariable() int { return variable("a").line }

type parser struct{ s string }

func (x *parser) at(n int) *pos {
	if n > 3 {
		return &pos{line: n} // want "return a pos from at instead of a pointer"
	}
	return new(pos)
}

func (x *parser) use() int { return x.at(1).line + x.at(2).next.line }

// Refused for what the function does.

func mayBeNil(s string) *pos {
	if s == "" {
		return nil
	}
	return &pos{} // refuse "mayBeNil may return nil"
}

func shared(s string) *pos {
	if s == "" {
		return all[0]
	}
	return &pos{} // refuse `line .* returns all\[0\], which others may hold`
}

func registered(s string) *pos {
	p := &pos{} // refuse "hands p to register, and line .* hands p to append, which may keep it"
	p.register()
	return p
}

func itself() *pos {
	p := &pos{} // refuse "line .* stores p"
	p.next = p
	return p
}

func aliased() *pos {
	p := &pos{} // refuse "hands p to me, and line .* returns p"
	q := p.me()
	q.line++
	return p
}

func captured(f func(func())) *pos {
	p := &pos{} // refuse "uses p in a function literal"
	f(func() { p.line++ })
	return p
}

func deferred() *pos {
	p := &pos{} // refuse "defers a call that uses p"
	defer p.scan("x")
	return p
}

func recovered() *pos {
	defer func() { recover() }()
	return &pos{line: os.Getpid()} // refuse "recovered defers a call on line .*, which may end a panic"
}

func goes() *pos {
	p := &pos{} // refuse "starts a goroutine that uses p"
	go p.scan("x")
	return p
}

func changing() (*pos, int) {
	p := &pos{} // refuse "uses p in a call as it returns it"
	return p, bump(p)
}

func bump(p *pos) int { p.line++; return p.line }

func other(s string) *pos {
	p := &pos{} // refuse "p is given another value on line .*"
	if s == "" {
		p = &pos{line: 1}
	}
	return p
}

func address() *pos {
	p := &pos{} // refuse "takes the address of p"
	swap(&p)
	return p
}

func swap(p **pos) { *p = all[0] }

type locked struct {
	mu sync.Mutex
	n  int
}

func newLocked() *locked {
	return &locked{n: 1} // refuse "a locked holds a sync.Mutex, which must not be copied"
}

type builder struct{ sb strings.Builder }

func newBuilder() *builder {
	b := &builder{} // refuse "a builder holds a strings.Builder, which must not be copied"
	return b
}

type large struct{ a [100]int }

func newLarge() *large {
	return &large{} // refuse "a large has more than 128 bytes"
}

func sliced() *array {
	a := &array{} // refuse "slices an array of a"
	fill(a.a[:])
	return a
}

type array struct{ a [3]int }

func fill(s []int) { s[0] = 1; keptSlice = s }

var keptSlice []int

func namedResult() (p *pos) {
	p = all[0]
	return &pos{line: p.line} // refuse "namedResult uses its result p"
}

// Refused for what callers do.

func stored() *pos {
	return &pos{} // refuse "line .* stores what stored returns in a variable that may hold something else"
}

func store() {
	all[0] = stored()
}

func passed() *pos {
	return &pos{} // refuse "line .* keeps what passed returns"
}

func pass() int {
	return show(passed())
}

func compared() *pos {
	return &pos{} // refuse "line .* compares p, which compared returned"
}

func compare() bool {
	p := compared()
	return p == all[0]
}

func changed() *pos {
	return &pos{} // refuse "p is given another value on line .*"
}

func change() int {
	p := changed()
	p = p.next
	return p.line
}

func returned() *pos {
	return &pos{} // refuse "line .* keeps p, which returned returned"
}

func give() *pos {
	p := returned()
	return p
}

func looped() *pos {
	return &pos{} // refuse "line .* starts a loop with a variable of what looped returns, and each round copies it"
}

func loop() {
	for p := looped(); p.line < 3; p.line++ {
	}
}

func unaddressable() *pos {
	return &pos{} // refuse "line .* needs the address of what unaddressable returns"
}

func needsAddress() {
	unaddressable().scan("x")
}

func assigned() *pos {
	return &pos{} // refuse "line .* needs the address of what assigned returns"
}

func assign() {
	assigned().line = 1
}

func asValue() *pos {
	return &pos{} // refuse "line .* uses asValue as a value"
}

var value = asValue

type maker interface{ pos() *pos }

func (x *parser) pos() *pos {
	return &pos{} // refuse "an interface has a method pos"
}

func (x *parser) first() maker { return x }

// What is exported is left alone.
func Exported() *pos { return &pos{} }
