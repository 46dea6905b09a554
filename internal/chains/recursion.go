package chains

import (
	"math/big"

	"github.com/stackward-go/stackward/internal/objscan"
)

// reaches gives the functions of a strongly connected component, whose callees are
// done, the circles that they lead to: of all calls, and without those that lead aside.
// The runtime is not entered: it has circles that nearly every function reaches, and
// nobody's depth is of them.
func reaches(part []*node) {
	for which := range part[0].reach {
		set := new(big.Int)
		for _, n := range part {
			if n.Runtime {
				continue
			}
			if n.circle != 0 {
				set.SetBit(set, n.circle, 1)
			}
			for i := range n.edges {
				e := &n.edges[i]
				if to := e.to.reach[which]; to != nil && (which == all || e.aside == "") {
					set.Or(set, to)
				}
			}
		}
		for _, n := range part {
			n.reach[which] = set
		}
	}
}

// enter notes by which function each circle is entered from outside: the first by key.
func (g *Graph) enter() {
	g.entered = make(map[int]*node)
	for _, n := range g.order {
		if n.circle != 0 && g.entered[n.circle] == nil {
			g.entered[n.circle] = n // if nobody calls it
		}
	}
	seen := make(map[int]bool)
	for _, n := range g.order {
		for _, e := range n.edges {
			c := e.to.circle
			if c != 0 && c != n.circle && (!seen[c] || e.to.Key < g.entered[c].Key) {
				g.entered[c], seen[c] = e.to, true
			}
		}
	}
}

// off are the circles that the first function of a chain leads to and the chain does not
// go through, each by the function that it is entered by.
func (g *Graph) off(n *node, which int, on map[int]bool) []*objscan.StackFunc {
	var list []*objscan.StackFunc
	for c := range n.reach[which].BitLen() {
		if n.reach[which].Bit(c) != 0 && !on[c] {
			list = append(list, &g.entered[c].StackFunc)
		}
	}
	return list
}
