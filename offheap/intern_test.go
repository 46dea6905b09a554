package offheap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func newInterner(t testing.TB) (*Interner, *Heap) {
	t.Helper()
	h := NewHeap(Config{})
	in, err := NewInterner(h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Free()
		checkEmpty(t, h)
		h.Close()
	})
	return in, h
}

func TestInterner(t *testing.T) {
	texts := []string{"", "a", "b", "aa", "a\x00", "\x00", "\xff\xfe", strings.Repeat("x", 7), strings.Repeat("x", 8), strings.Repeat("long ", 20_000)}
	for _, mask := range []uint64{^uint64(0), 1, 0} {
		in, _ := newInterner(t)
		in.mask = mask
		symbols := map[string]Symbol{}
		for _, text := range texts {
			if _, ok := in.LookupString(text); ok != (text == "") {
				t.Errorf("%.10q is there: %v", text, ok)
			}
			s, err := in.InternString(text)
			if err != nil {
				t.Fatal(err)
			}
			symbols[text] = s
		}
		if in.Len() != len(texts)-1 {
			t.Errorf("Len is %d", in.Len())
		}
		seen := map[Symbol]bool{}
		for _, text := range texts {
			s, ok := in.Lookup([]byte(text))
			if !ok || s != symbols[text] || s.String() != text || string(s.Bytes()) != text || s.Len() != len(text) {
				t.Errorf("%.10q has %v, %.10q", text, ok, s.String())
			}
			if seen[s] {
				t.Errorf("%.10q has the symbol of another text", text)
			}
			seen[s] = true
			again, err := in.Intern([]byte(text))
			if again != s || err != nil {
				t.Errorf("%.10q has two symbols: %v", text, err)
			}
		}
		n := 0
		for s := range in.All() {
			if symbols[s.String()] != s {
				t.Errorf("All has %.10q", s)
			}
			n++
		}
		if n != in.Len() {
			t.Errorf("All has %d symbols of %d", n, in.Len())
		}
		for i, text := range texts {
			in.Retain(symbols[text])
			for left := 2; left >= 0; left-- {
				in.Release(symbols[text])
				if _, ok := in.LookupString(text); ok != (left > 0 || text == "") {
					t.Errorf("%.10q with %d references is there: %v", text, left, ok)
				}
			}
			for _, other := range texts[i+1:] {
				if s, ok := in.LookupString(other); !ok || s != symbols[other] {
					t.Errorf("%.10q is gone with %.10q", other, text)
				}
			}
		}
		if in.Len() != 0 || in.bytes != 0 || in.symbols.Len() != 0 {
			t.Errorf("%d symbols, %d bytes, %d hashes are left", in.Len(), in.bytes, in.symbols.Len())
		}
	}
}

func TestInternerMisuse(t *testing.T) {
	in, _ := newInterner(t)
	other, _ := newInterner(t)
	s := Must(in.InternString("text"))
	func() {
		defer func() {
			if _, ok := recover().(*Misuse); !ok {
				t.Error("releasing another Interner's symbol did not panic")
			}
		}()
		other.Release(s)
	}()
	s.header().refs = maxRefs
	in.Release(s)
	in.Retain(s)
	if _, ok := in.LookupString("text"); !ok || s.header().refs != maxRefs {
		t.Error("a text with the most references does not stay")
	}
}

// Text as keys and values of a map.
func TestInternerMap(t *testing.T) {
	in, h := newInterner(t)
	m := Must(NewMap[Symbol, Symbol](h))
	defer m.Free()
	if !m.h.plain {
		t.Error("symbols are not hashed as numbers")
	}
	for i := range 2000 {
		k, v := Must(in.InternString(fmt.Sprint("key", i))), Must(in.InternString(fmt.Sprint("value", i%100)))
		if err := m.Set(k, v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2000 {
		k, ok := in.LookupString(fmt.Sprint("key", i))
		v, _ := m.Get(k)
		if !ok || v.String() != fmt.Sprint("value", i%100) {
			t.Fatalf("key%d has %q", i, v)
		}
	}
	for k, v := range m.All() {
		m.Delete(k)
		in.Release(k)
		in.Release(v)
	}
	if in.Len() != 0 {
		t.Errorf("%d symbols are left", in.Len())
	}
}

// An internModel is an Interner, and what it must have.
type internModel struct {
	t    testing.TB
	in   *Interner
	f    *failing
	refs map[string]int
}

func (x *internModel) op(r uint64, keys uint64) {
	x.t.Helper()
	text := fmt.Sprint(r>>8%keys, strings.Repeat("x", int(r>>8%keys%40)))
	s, ok := x.in.LookupString(text)
	if ok != (x.refs[text] > 0) || ok && s.String() != text {
		x.t.Fatalf("%q: found %v, with %d references", text, ok, x.refs[text])
	}
	switch r % 4 {
	case 0, 1:
		got, err := x.in.InternString(text)
		if err != nil {
			if !errors.Is(err, ErrOutOfMemory) || ok {
				x.t.Fatal(err)
			}
			return
		}
		if got.String() != text || ok && got != s {
			x.t.Fatalf("%q is interned as %q", text, got)
		}
		x.refs[text]++
	case 2, 3:
		if ok {
			x.in.Release(s)
			if x.refs[text]--; x.refs[text] == 0 {
				delete(x.refs, text)
			}
		}
	}
	if x.in.Len() != len(x.refs) {
		x.t.Fatalf("Len is %d, want %d", x.in.Len(), len(x.refs))
	}
}

func runInternModel(t testing.TB, mask, keys, chance uint64, next func() (uint64, bool)) {
	f := &failing{a: NewHeap(Config{}), rng: rand.New(rand.NewPCG(mask, keys))}
	in, err := NewInterner(f)
	if err != nil {
		t.Fatal(err)
	}
	in.mask = mask
	f.chance = chance
	x := &internModel{t, in, f, map[string]int{}}
	for r, ok := next(); ok; r, ok = next() {
		x.op(r, keys)
	}
	n := 0
	for s := range in.All() {
		refs := x.refs[s.String()]
		if uint32(refs) != s.header().refs {
			t.Fatalf("%q has %d references, want %d", s, s.header().refs, refs)
		}
		if n++; n%2 == 0 {
			for range refs {
				in.Release(s)
			}
		}
	}
	if n != len(x.refs) {
		t.Fatalf("%d symbols, want %d", n, len(x.refs))
	}
	in.Free()
	checkEmpty(t, f.a)
	f.a.Close()
}

func TestInternerModel(t *testing.T) {
	for _, mask := range []uint64{^uint64(0), 31} {
		for _, chance := range []uint64{0, 3} {
			rng, n := rand.New(rand.NewPCG(mask, chance+stressSeed(t)<<8)), 0
			runInternModel(t, mask, 500, chance, func() (uint64, bool) {
				n++
				return rng.Uint64(), n < stressOps(t)/20
			})
		}
	}
}

func TestInternerAllocs(t *testing.T) {
	if checked {
		t.Skip("the checked build allocates on the Go heap")
	}
	in, _ := newInterner(t)
	key := []byte("a key that is somewhat long, so that no buffer on the stack has it")
	s := Must(in.Intern(key))
	other := []byte("another key that is somewhat long, so that no buffer has it")
	if n := testing.AllocsPerRun(100, func() {
		if got, ok := in.Lookup(key); !ok || got != s || got.String() == "" {
			t.Error("not found")
		}
		if _, ok := in.LookupString("missing"); ok {
			t.Error("found")
		}
		in.Release(Must(in.Intern(other)))
	}); n != 0 {
		t.Errorf("%v allocations on the Go heap", n)
	}
}

// FuzzInterner takes operations from the input, of eight bytes each.
func FuzzInterner(f *testing.F) {
	f.Add(uint64(0), uint64(3), []byte("eight bytes are one operation, so these are some"))
	f.Add(^uint64(0), uint64(0), []byte("eight bytes are one operation, so these are some"))
	f.Fuzz(func(t *testing.T, mask, chance uint64, ops []byte) {
		runInternModel(t, mask, 50, chance, func() (r uint64, ok bool) {
			if len(ops) < 8 {
				return 0, false
			}
			r = binary.LittleEndian.Uint64(ops)
			ops = ops[8:]
			return r, true
		})
	})
}
