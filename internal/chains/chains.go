// Package chains finds how deep functions go down a stack: the longest chain of
// frames over the calls that the machine code makes directly.
//
//	objscan.StackFunc → Graph.Add … Solve → Graph.Chain → frames, stack, copies
//
// A chain is one that the code can take, so that the stack it needs is a lower
// bound of the deepest: calls through pointers (of interfaces, of function
// values) are counted on it, not followed. Where functions call each other in a
// circle there is no bound, and the chain goes round once.
//
// Most of the deepest chains are those of an error: to a panic, or into the code that
// formats its text. So each function has two: the longest of all, and the longest
// without calls that lead aside ([Aside]).
//
// Not followed are calls of the runtime's functions that do not return: they are
// on the way to a panic or an exit. What the runtime does on the system stack is
// not on the goroutine's.
package chains

import (
	"cmp"
	"maps"
	"math/big"
	"slices"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/stacksize"
)

// A Graph is the functions of a build and the calls between them.
type Graph struct {
	// ErrorPath reports a place in the source that only runs where an error has come
	// back; nil where that is not known. It is set before Solve.
	ErrorPath func(p alloc.Pos) bool

	rules *stacksize.Rules
	nodes map[string]*node
	order []*node // in the order of their keys, once it is solved
	// entered is a function of each circle, by its number.
	entered map[int]*node
}

// A node is a function.
type node struct {
	objscan.StackFunc
	edges []edge

	longest [2]longest  // of all chains, and of those without calls that lead aside
	circle  int         // the number of the circle that it is part of, 0 none
	reach   [2]*big.Int // the numbers of the circles that it leads to or is part of, as a set

	index, low int // of the search for circles
	onStack    bool
}

// The chains of a node.
const (
	all = iota
	ordinary
)

// A longest is the longest chain down from a node.
type longest struct {
	// wants is the most of [stacksize.Rules.Wants], without the guard, on the
	// chains down from here, were nothing in use where the function is entered;
	// depth are the bytes of the chain that has it, and next is the edge that it
	// takes, nil where it ends.
	wants, depth int64
	next         *edge
	below        bool
	dynamic      bool // it leads to a call through a pointer outside of the runtime
	state        state
}

type state int8

const (
	unseen state = iota
	open
	done
)

// An edge is a call.
type edge struct {
	to       *node
	used     int64
	line     int
	deferred bool
	aside    Aside
}

// New returns an empty graph.
func New(rules *stacksize.Rules) *Graph {
	return &Graph{rules: rules, nodes: make(map[string]*node)}
}

// Add adds functions. Of a function that several packages have, an instance of a
// generic one or a wrapper, the first counts: they are the same.
func (g *Graph) Add(funcs []objscan.StackFunc) {
	for _, f := range funcs {
		if g.nodes[f.Key] == nil {
			g.nodes[f.Key] = &node{StackFunc: f}
		}
	}
}

func (g *Graph) find(key string) *node {
	if n := g.nodes[key]; n != nil {
		return n
	}
	return g.nodes[objscan.AnyABI(key)]
}

// Solve finds the longest chains. Nothing is added afterwards.
func (g *Graph) Solve() {
	for _, key := range slices.Sorted(maps.Keys(g.nodes)) {
		g.order = append(g.order, g.nodes[key])
	}
	called := make(map[*node]bool)
	for _, n := range g.order {
		for _, c := range n.Calls {
			if to := g.find(c.To); to != nil && !(n.Runtime && to.Runtime && isRare(to.Name)) {
				n.edges = append(n.edges, edge{to: to, used: int64(c.Used), line: c.Line, aside: g.aside(n, to, c)})
				called[to] = true
			}
		}
		for _, key := range n.Deferred {
			if to := g.find(key); to != nil {
				n.edges = append(n.edges, edge{to: to, used: int64(n.Bytes) + g.rules.Call, deferred: true})
				called[to] = true
			}
		}
	}
	g.circles()
	g.enter()
	for which := range [2]longest{} {
		g.pointers(which)
		// From the top, so that a chain into a circle begins where it is entered.
		for _, n := range g.order {
			if !called[n] {
				g.solve(n, which)
			}
		}
		for _, n := range g.order {
			g.solve(n, which)
		}
	}
}

// pointers marks the functions that lead to calls through pointers.
func (g *Graph) pointers(which int) {
	callers := make(map[*node][]*node)
	var marked []*node
	mark := func(n *node) {
		if l := &n.longest[which]; !l.dynamic {
			l.dynamic = true
			marked = append(marked, n)
		}
	}
	for _, n := range g.order {
		for _, e := range n.edges {
			if which == all || e.aside == "" {
				callers[e.to] = append(callers[e.to], n)
			}
		}
		if n.dynamic() > 0 {
			mark(n)
		}
	}
	for len(marked) > 0 {
		n := marked[len(marked)-1]
		marked = marked[:len(marked)-1]
		for _, c := range callers[n] {
			mark(c)
		}
	}
}

// dynamic counts a function's calls through pointers, of the runtime's none.
func (n *node) dynamic() int {
	count := 0
	for _, call := range n.Calls {
		if call.To == "" && !n.Runtime {
			count++
		}
	}
	return count
}

// never is the want of a chain without a check.
const never = -1 << 40

// solve finds the longest chain from a function: going down first, and leaving out
// the calls that lead back to where it is.
func (g *Graph) solve(n *node, which int) {
	l := &n.longest[which]
	if l.state != unseen {
		return
	}
	l.state = open
	l.wants, l.depth = never, int64(n.Bytes)
	if n.Check {
		l.wants = max(0, int64(n.Bytes)-g.rules.Small)
	}
	l.below = n.circle != 0
	own := l.wants
	for i := range n.edges {
		e := &n.edges[i]
		if which == ordinary && e.aside != "" {
			continue
		}
		g.solve(e.to, which)
		to := &e.to.longest[which]
		l.below = l.below || to.below
		if to.state == open {
			continue
		}
		wants, depth := own, e.used+to.depth
		if to.wants != never {
			wants = max(wants, e.used+to.wants)
		}
		if cmp.Or(cmp.Compare(wants, l.wants), cmp.Compare(depth, l.depth)) > 0 {
			l.wants, l.depth, l.next = wants, depth, e
		}
	}
	l.state = done
}

// circles numbers the functions that call each other, or themselves: the
// strongly connected components (Tarjan).
func (g *Graph) circles() {
	var stack []*node
	next, circle := 0, 0
	var visit func(n *node)
	visit = func(n *node) {
		next++
		n.index, n.low = next, next
		stack, n.onStack = append(stack, n), true
		self := false
		for _, e := range n.edges {
			self = self || e.to == n
			if e.to.index == 0 {
				visit(e.to)
				n.low = min(n.low, e.to.low)
			} else if e.to.onStack {
				n.low = min(n.low, e.to.index)
			}
		}
		if n.low != n.index {
			return
		}
		i := slices.Index(stack, n)
		part := stack[i:]
		stack = stack[:i]
		if len(part) > 1 || self {
			circle++
		}
		for _, m := range part {
			m.onStack = false
			if len(part) > 1 || self {
				m.circle = circle
			}
		}
		reaches(part)
	}
	for _, n := range g.order {
		if n.index == 0 {
			visit(n)
		}
	}
}

// A Step is a function on a chain.
type Step struct {
	*objscan.StackFunc
	// Used are the bytes in use where it is entered, Line the line of the
	// function above that calls it, 0 of the first.
	Used int64
	Line int
	// Deferred reports that the function above runs it at its end.
	Deferred bool
	// Recursive reports that it may be entered again from itself, directly or
	// through others.
	Recursive bool
	// Aside reports that the call of it leads aside, and why.
	Aside Aside
}

// A Chain is the longest one down from a function.
type Chain struct {
	Steps []Step
	// Bytes is the stack in use at its deepest, from where the first function is
	// entered.
	Bytes int64
	// Stack is the size of the stack that it needs, of a goroutine that begins
	// with Rules.Min and has base bytes in use; Copies how many times it is copied
	// till then, and Copied the bytes.
	Stack  int64
	Copies int
	Copied int64
	// Dynamic counts the calls through pointers that the functions of the chain
	// make, outside of the runtime. DynamicOff reports that there are none, but that
	// functions off it, which the first leads to, make some. Recursive counts the functions on the chain that have
	// no bound. Below reports a circle somewhere below, on the chain or not.
	Dynamic    int
	DynamicOff bool
	Recursive  int
	Below      bool
	// Off are the circles outside of the runtime that it leads to and the chain does
	// not go through, each by the function that it is entered by.
	Off []*objscan.StackFunc
}

// Chain returns the longest chain down from the function of a key, entered with
// base bytes in use; nil where there is no such function.
func (g *Graph) Chain(key string, base int64) *Chain { return g.chain(key, base, all) }

// Ordinary is Chain without calls that lead aside.
func (g *Graph) Ordinary(key string, base int64) *Chain { return g.chain(key, base, ordinary) }

func (g *Graph) chain(key string, base int64, which int) *Chain {
	n := g.find(key)
	if n == nil {
		return nil
	}
	c := &Chain{Below: n.longest[which].below}
	first, on := n, make(map[int]bool)
	used := base
	step := Step{Used: used}
	var frames []stacksize.Frame
	for {
		step.StackFunc, step.Recursive = &n.StackFunc, n.circle != 0
		c.Steps = append(c.Steps, step)
		frames = append(frames, stacksize.Frame{Used: used, Bytes: int64(n.Bytes), Check: n.Check})
		c.Bytes = used - base + int64(n.Bytes)
		if n.circle != 0 {
			c.Recursive++
			on[n.circle] = true
		}
		c.Dynamic += n.dynamic()
		next := n.longest[which].next
		if next == nil {
			break
		}
		used += next.used
		step = Step{Used: used, Line: next.line, Deferred: next.deferred, Aside: next.aside}
		n = next.to
	}
	c.Off = g.off(first, which, on)
	c.DynamicOff = c.Dynamic == 0 && first.longest[which].dynamic
	c.Stack, c.Copies, c.Copied = g.rules.Grow(frames)
	return c
}

// Func returns the function of a key, nil where there is none.
func (g *Graph) Func(key string) *objscan.StackFunc {
	if n := g.find(key); n != nil {
		return &n.StackFunc
	}
	return nil
}
