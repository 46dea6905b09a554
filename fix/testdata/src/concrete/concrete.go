package concrete

import (
	"bytes"
	"io"
	"os"
)

type key interface {
	hash(seed int) int
}

type pair struct{ a, b int }

func (p pair) hash(seed int) int { return p.a*seed + p.b }

type name string

func (n name) hash(seed int) int { return len(n) * seed }

type box struct{ n int }

func (b *box) hash(seed int) int { return b.n * seed }

func (b box) value(seed int) int { return b.n * seed }

// One type.

func one(n int, k key) int {
	if n == 0 {
		return k.hash(n)
	}
	return one(n-1, k) + k.hash(n)
}

func callsOne(n int) int {
	return one(n, pair{n, n}) + // want "take k of one as a pair"
		one(n, pair{1, n})
}

type table struct{ n int }

func (t *table) add(k key) { t.n += k.hash(t.n) }

func (t *table) calls(s string) {
	t.add(name(s)) // want "take k of add as a name"
}

func header(w io.Writer, b []byte) {
	func() { w.Write(b) }()
}

func callsHeader() int {
	var buf bytes.Buffer // want "take w of header as a .bytes.Buffer"
	header(&buf, []byte("abc"))
	return buf.Len()
}

// Several types.

func several(k key, n int) int { return k.hash(n) + k.hash(n+1) }

func callsSeveral(k key, s string) int {
	return several(pair{1, len(s)}, 1) + // want "make k of several a type parameter"
		several(name(s), 2) + several(&box{}, 3) + several(k, 4)
}

func generic[E any](list []E, k key) int { return k.hash(len(list)) }

func callsGeneric(s string) int {
	return generic([]int{1}, name(s)) + // want "make k of generic a type parameter"
		generic[string](nil, pair{len(s), 2})
}

// Refused.

func asks(k key) int {
	if p, ok := k.(pair); ok {
		return p.a
	}
	return 0
}

func compares(k key) bool { return k == key(pair{}) }

func passes(k key) int { return several(k, 1) }

func assigns(k key) int {
	k = name("x")
	return k.hash(1)
}

func asValue(k key) func(int) int { return k.hash }

func returns(k key) key { return k }

func two(a, b key) int { return a.hash(1) + b.hash(2) }

func (t *table) put(k key) { t.n += k.hash(t.n) }

func used(k key) int { return k.hash(1) }

var use = used

func pointers(k interface{ value(int) int }) int { return k.value(1) }

func callsRefused(n int, s string) {
	asks(pair{n, n})        // refuse "line .* asks k for its type"
	compares(pair{n, n})    // refuse "line .* compares k"
	passes(pair{n, n})      // refuse "line .* passes k on to several"
	assigns(pair{n, n})     // refuse "line .* gives k another value"
	asValue(pair{n, n})     // refuse "line .* uses a method of k as a value"
	returns(pair{n, n})     // refuse "line .* does something else with k than to call a method"
	two(pair{n, n}, nil)    // refuse "a shares its type with other parameters"
	new(table).put(name(s)) // refuse "put is a method and gets values of several types"
	new(table).put(pair{n, n})
	used(name(s)) // refuse "line .* uses used as a value"
	b := &box{n}  // refuse "value is a method of what a pointer, which may be nil, points to"
	pointers(b)
}

func local(k key) int { return k.hash(1) }

type embeds struct {
	pair
	n int
}

func callsLocal(n int) int {
	type mine struct {
		pair
		n int
	}
	return local(mine{pair{n, n}, n}) // refuse "the type of what is passed to local has no name there"
}

func writers(w io.Writer) { w.Write(nil) }

func callsWriters() {
	var buf bytes.Buffer // refuse "writers gets pointers to several types"
	writers(&buf)
	writers(os.Stdout)
}

// Constants and what is never passed do not allocate.

func constant(k key) int { return k.hash(1) }

func callsConstant() int { return constant(name("x")) }

func never(k key) int { return k.hash(1) }

func withNil(k key) int { return k.hash(1) }

func callsWithNil(s string) int { return withNil(nil) + withNil(name(s)) }
