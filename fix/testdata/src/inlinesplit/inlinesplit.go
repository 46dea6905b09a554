package inlinesplit

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
)

type T struct {
	n    int
	name string
	hist [4]int
	next *T
}

// NewT has a doc comment.
func NewT(n int, names ...string) *T {
	// A comment of the value.
	t := &T{n: n} // want "split NewT, so that its T can be on the caller's stack"
	// A comment of the rest.
	for _, s := range names {
		t.name += strings.ToUpper(s)
	}
	return t
}

func newEmpty(_ int, s string) (*T, error) {
	t := new(T) // want "split newEmpty, so that its T can be on the caller's stack"
	if s == "" {
		return nil, errors.New("empty")
	}
	t.name = strings.TrimSpace(s)
	return t, nil
}

func New(s, sep string) *T {
	return &T{ // want "split New, so that its T can be on the caller's stack"
		n:    strings.Count(s, sep),
		name: strings.ToLower(s), // a comment
	}
}

func parse(s string) (*T, bool) {
	s = strings.TrimSpace(s)
	found := strings.Contains(s, ":")
	return &T{name: s, n: strings.Index(s, ":")}, found // want "split parse, so that its T can be on the caller's stack"
}

func later(s string) (t *T, err error) {
	s = strings.TrimSpace(s)
	n := strings.Count(s, ",")

	u := &T{n: n, name: s} // want "split later, so that its T can be on the caller's stack"
	for i := range u.hist {
		u.hist[i] = strings.Index(s, "x")
	}
	return u, nil
}

func zeroLater(s string) *T {
	s = strings.TrimSpace(s)
	u := new(T) // want "split zeroLater, so that its T can be on the caller's stack"
	u.name = strings.ToUpper(s)
	return u
}

func value(s string) *T {
	var t T // want "split value, so that its T can be on the caller's stack"
	t.name = strings.ToUpper(s)
	u := t
	fill(&t)
	t = T{n: u.n, name: strings.ToLower(t.name)}
	func() { t.n++; t.touch(); _ = (&t).n }()
	return &t
}

func valueSet(s string) *T {
	t := T{name: s} // want "split valueSet, so that its T can be on the caller's stack"
	fill(&t)
	fill(&t)
	return &t
}

func fill(t *T) { t.n = os.Getpid() }

func (t *T) touch() {}

type Tree[K comparable] struct {
	root *Node[K]
	keys map[K]int
}

type Node[K comparable] struct{ key K }

func NewTree[K comparable](keys ...K) *Tree[K] {
	t := &Tree[K]{keys: make(map[K]int)} // want `split NewTree, so that its Tree\[K\] can be on the caller's stack`
	for i, k := range keys {
		t.add(k, i)
		t.add(k, i+1)
	}
	return t
}

func (t *Tree[K]) add(k K, i int) { t.keys[k] = i }

func (t *Tree[K]) copyTree(deep bool) *Tree[K] {
	u := &Tree[K]{root: t.root} // want `split copyTree, so that its Tree\[K\] can be on the caller's stack`
	for k, i := range t.keys {
		u.add(k, i)
		u.add(k, i)
	}
	return u
}

// Small functions are inlined as they are.
func small(n int) *T {
	t := &T{n: n}
	t.hist[0] = n
	return t
}

// What others made is not made here.
func into(t *T, s string) *T {
	u := &T{n: 1}
	t.next = u
	t.name = strings.ToUpper(s)
	return t
}

func byValue(s string) T {
	t := T{n: 1}
	t.name = strings.ToUpper(s)
	return t
}

// The refused.

func early(s string) (*T, error) {
	if strings.HasPrefix(s, "#") {
		return nil, nil
	}
	t := &T{} // refuse "early may return before it makes the T, which would be made in vain"
	t.name = strings.ToUpper(s)
	return t, nil
}

//go:noinline
func pinned(s string) *T {
	t := &T{} // refuse "pinned has a //go:noinline directive"
	t.name = strings.ToUpper(s)
	return t
}

func recovers(s string) *T {
	t := &T{} // refuse "recovers calls recover, which tells apart who calls it"
	if recover() != nil {
		t.name = strings.ToUpper(s)
	}
	return t
}

func recoversLater(s string) *T {
	t := &T{} // want "split recoversLater, so that its T can be on the caller's stack"
	defer func() { recover() }()
	t.name = strings.ToUpper(s)
	return t
}

func asks() *T {
	t := &T{} // refuse `asks calls runtime.Caller, which tells apart who calls it`
	_, t.name, t.n, _ = runtime.Caller(1)
	return t
}

func helper(tb testing.TB) *T {
	tb.Helper()
	t := &T{name: tb.Name()} // refuse `helper calls tb.Helper, which tells apart who calls it`
	tb.Log(t.name)
	return t
}

func again(s string) *T {
	var last *T
back:
	t := &T{next: last} // skipped: it has a label
	if last = t; len(s) > 3 {
		s = strings.TrimSpace(s[1:])
		goto back
	}
	return t
}

func jumps(s string) *T {
	t := &T{} // refuse "jumps has a goto"
back:
	if t.n++; len(s) > 3 {
		s = strings.TrimSpace(s[1:])
		goto back
	}
	return t
}

var t = "a package's t"

func shadows(s string) *T {
	s += strings.ToUpper(t)
	t := &T{name: s} // refuse "t means something else before it is declared"
	t.n = strings.Count(s, "x")
	return t
}

func shadowsIn(s string) *T {
	t := &T{name: t} // refuse "t means something else in what it is set to"
	t.n = strings.Count(s, "x")
	return t
}

func redeclares(s string) *T {
	var t T // refuse "t is set by a declaration of other variables"
	t, ok := lookup(s)
	if ok {
		fill(&t)
	}
	return &t
}

func lookup(s string) (T, bool) { return T{name: strings.ToUpper(s)}, strings.Contains(s, "x") }

func local(s string) any {
	type pair struct{ a, b string }
	p := &pair{a: s} // refuse "pair is declared in local"
	p.b = strings.ToUpper(s)
	return p
}

func (*T) nameless(s string) *T {
	u := &T{name: s} // refuse "the receiver of nameless has no name"
	u.n = strings.Count(s, "x")
	return u
}

func commented(s /* what */ string) *T {
	u := &T{name: s} // refuse "a comment stands in the signature of commented"
	u.n = strings.Count(s, "x")
	return u
}
