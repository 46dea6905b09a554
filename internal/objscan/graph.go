package objscan

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A graph is the call graph of the runtime, read from its machine code. Its
// nodes are functions by linker name, all ABIs of a function in one.
type graph struct {
	goarch string
	nodes  map[string]*node
}

// A node is one function.
type node struct {
	name  string
	code  []byte
	calls []edge
	// linkname reports that other packages may refer to the function by name.
	linkname bool
	noreturn bool

	insns   []insn // decoded, see graph.instructions
	decoded bool
	live    []bool // see graph.returnsFrom, by offset
}

// An edge is one direct call or jump to another function.
type edge struct {
	to  string
	off int // within the instruction, -1 where there is no call of its own
}

// Relocation types of direct calls. Those of amd64, 386, arm and arm64 have
// the same numbers from go1.24 to go1.27, those of other architectures not.
const (
	relocCall      = 7
	relocCallARM64 = 9
	relocCallPOWER = 11
)

func (r reloc) isCall() bool {
	return r.typ >= relocCall && r.typ <= relocCallARM64 || r.typ == relocCallPOWER
}

// linknameFlags are the bits of a symbol's second byte of flags that say
// that others may name it: SymFlagLinkname, and from go1.27 SymFlagLinknameStd.
func linknameFlags(version string) byte {
	if minor := goMinor(version); minor >= 27 || minor == 0 {
		return 1<<4 | 1<<5
	}
	return 1 << 4
}

// goMinor is the 26 of "go1.26.8", 0 where the version says none.
func goMinor(version string) int {
	rest, ok := strings.CutPrefix(version, "go1.")
	if !ok {
		return 0
	}
	n := 0
	for n < len(rest) && '0' <= rest[n] && rest[n] <= '9' {
		n++
	}
	minor, _ := strconv.Atoi(rest[:n])
	return minor
}

// add adds the functions of one object.
func (g *graph) add(o *object) {
	flags := linknameFlags(o.version)
	names := make(map[symRef]string)
	nameOf := func(r symRef) string {
		s, ok := names[r]
		if !ok {
			s = o.refName(r)
			names[r] = s
		}
		return s
	}
	for i := range o.defined {
		if !o.isText(i) {
			continue
		}
		name := o.name(i)
		n := g.nodes[name]
		if n == nil {
			n = &node{name: name}
			g.nodes[name] = n
		}
		n.linkname = n.linkname || o.sym(i)[12]&flags != 0
		var calls []edge
		var closures []string
		onSystemStack := false
		for b := o.relocs(i); len(b) >= relocSize; b = b[relocSize:] {
			r := readReloc(b)
			to := nameOf(r.sym)
			if r.isCall() {
				if to != "" && to != name {
					calls = append(calls, edge{to, r.off})
				}
				onSystemStack = onSystemStack || to == "runtime.systemstack"
			} else if strings.HasPrefix(to, name+".func") {
				closures = append(closures, strings.TrimSuffix(to, "·f"))
			}
		}
		if onSystemStack {
			for _, c := range closures {
				calls = append(calls, edge{c, -1})
			}
		}
		if len(calls) >= len(n.calls) { // a wrapper of another ABI has but one
			n.calls, n.code = calls, bytes.Clone(o.symData(i)) // which outlives the object
		}
	}
}

// reaching returns the functions from which a chain of calls that skip lets
// through leads to one of the targets, each with the next function of it.
func (g *graph) reaching(targets []string, skip func(from *node, e edge) bool) map[string]string {
	callers := make(map[string][]*node)
	for _, name := range slices.Sorted(maps.Keys(g.nodes)) {
		n := g.nodes[name]
		for _, e := range n.calls {
			if !skip(n, e) {
				callers[e.to] = append(callers[e.to], n)
			}
		}
	}
	next := make(map[string]string)
	for _, t := range targets {
		next[t] = ""
	}
	for work := slices.Clone(targets); len(work) > 0; work = work[1:] {
		for _, n := range callers[work[0]] {
			if _, ok := next[n.name]; !ok {
				next[n.name] = work[0]
				work = append(work, n.name)
			}
		}
	}
	return next
}

// markNoreturn marks the given functions and all from whose start no way
// leads to a return without a call of a marked one.
func (g *graph) markNoreturn(names []string) {
	callers := make(map[string][]*node)
	for _, n := range g.nodes {
		for _, e := range n.calls {
			if e.off >= 0 {
				callers[e.to] = append(callers[e.to], n)
			}
		}
	}
	var work []*node
	for _, name := range names {
		if n := g.nodes[name]; n != nil {
			n.noreturn = true
			work = append(work, n)
		}
	}
	for ; len(work) > 0; work = work[1:] {
		for _, n := range callers[work[0].name] {
			if n.noreturn {
				continue
			}
			code := g.instructions(n)
			if len(code) > 0 && !returning(code, g.dead(n))[0] {
				n.noreturn = true
				work = append(work, n)
			}
		}
	}
}

func (g *graph) instructions(n *node) []insn {
	if !n.decoded {
		n.insns, n.decoded = instructions(g.goarch, n.code), true
	}
	return n.insns
}

// dead are the offsets, within their instructions, of n's calls that do not
// return.
func (g *graph) dead(n *node) []int {
	var dead []int
	for _, e := range n.calls {
		if to := g.nodes[e.to]; to != nil && to.noreturn && e.off >= 0 {
			dead = append(dead, e.off)
		}
	}
	return dead
}

// returnsFrom reports whether control can come from a call to a return: what
// is allocated on a way that ends in a panic is the panic's.
func (g *graph) returnsFrom(n *node, e edge) bool {
	if e.off < 0 {
		return true
	}
	if n.live == nil {
		n.live = make([]bool, len(n.code)+1)
		code := g.instructions(n)
		r := returning(code, g.dead(n))
		for i, in := range code {
			if r[i] {
				for off := in.off; off < min(in.off+in.size, len(n.code)); off++ {
					n.live[off] = true
				}
			}
		}
	}
	return len(n.insns) == 0 || e.off >= len(n.live) || n.live[e.off]
}
