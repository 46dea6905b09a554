package chains

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/stacksize"
)

var rules = &stacksize.Rules{Min: 2048, Guard: 928, Small: 128, Start: 40, Call: 8}

// fn is a function that calls others with all of its frame in use.
func fn(key string, frame int, calls ...string) objscan.StackFunc {
	f := objscan.StackFunc{Key: key, Name: key, Package: "p", Bytes: frame, Known: true, Check: true}
	for _, to := range calls {
		f.Calls = append(f.Calls, objscan.StackCall{To: to, Used: frame + 8})
	}
	return f
}

func TestChain(t *testing.T) {
	t.Parallel()
	nosplit := fn("nosplit", 500)
	nosplit.Check = false
	deferring := fn("deferring", 100)
	deferring.Deferred = []string{"large"}
	system := fn("runtime.f", 50, "runtime.gcStart", "small")
	system.Runtime = true
	start := fn("runtime.gcStart", 5000)
	start.Runtime = true
	g := New(rules)
	g.Add([]objscan.StackFunc{
		fn("top", 100, "small", "large", ""),
		fn("small", 200), fn("large", 3000, "nosplit"), nosplit,
		fn("self", 400, "self", "small"),
		fn("a", 100, "b"), fn("b", 200, "c", "small"), fn("c", 300, "a"),
		fn("into", 50, "b"),
		deferring, system, start,
		fn("asm<0>", 70), fn("calls asm", 10, "asm", "nowhere"),
		fn("top", 9999), // another package's copy
	})
	g.Solve()
	for _, tt := range []struct {
		key                string
		names              string
		bytes, stack       int64
		dynamic, recursive int
		below              bool
	}{
		{key: "top", names: "top large nosplit", bytes: 108 + 3008 + 500, stack: 4096, dynamic: 1},
		{key: "nosplit", names: "nosplit", bytes: 500, stack: 2048},
		{key: "self", names: "self small", bytes: 408 + 200, stack: 2048, recursive: 1, below: true},
		{key: "into", names: "into b c a", bytes: 58 + 208 + 308 + 100, stack: 2048, recursive: 3, below: true},
		{key: "deferring", names: "deferring large nosplit", bytes: 108 + 3008 + 500, stack: 4096},
		{key: "runtime.f", names: "runtime.f small", bytes: 58 + 200, stack: 2048},
		{key: "calls asm", names: "calls asm asm<0>", bytes: 18 + 70, stack: 2048},
	} {
		c := g.Chain(tt.key, rules.Start)
		var names []string
		for _, s := range c.Steps {
			names = append(names, s.Name)
		}
		if got := strings.Join(names, " "); got != tt.names {
			t.Errorf("%s: chain %q, want %q", tt.key, got, tt.names)
		}
		if c.Bytes != tt.bytes || c.Stack != tt.stack || c.Dynamic != tt.dynamic || c.Recursive != tt.recursive || c.Below != tt.below {
			t.Errorf("%s: %+v, want %+v", tt.key, c, tt)
		}
	}
	if g.Chain("nowhere", 0) != nil || g.Func("nowhere") != nil {
		t.Error("a function that is not there has a chain")
	}
}

// TestAside keeps calls to a panic, for an error and to format text apart.
// TestDynamicOff: that a pointer is called through is told of a chain that does not go
// there, too, also round a circle.
func TestDynamicOff(t *testing.T) {
	t.Parallel()
	system := fn("runtime.f", 50, "")
	system.Runtime = true
	aside := fn("aside", 10, "calls")
	aside.Calls[0].Cold = true
	g := New(rules)
	g.Add([]objscan.StackFunc{
		fn("large", 3000), fn("calls", 10, ""), fn("between", 20, "calls"), fn("off", 10, "between", "large"),
		fn("a", 10, "b", "large"), fn("b", 10, "a", "calls"), fn("on", 10, "", "large"), fn("none", 10, "large", "runtime.f"), system, aside,
	})
	g.Solve()
	for key, want := range map[string]struct {
		dynamic int
		off     bool
	}{"large": {}, "calls": {dynamic: 1}, "between": {dynamic: 1}, "off": {off: true}, "a": {off: true}, "b": {dynamic: 1}, "on": {dynamic: 1}, "none": {}, "aside": {}} {
		if c := g.Ordinary(key, 8); c.Dynamic != want.dynamic || c.DynamicOff != want.off {
			t.Errorf("%s: %d, %v, want %+v", key, c.Dynamic, c.DynamicOff, want)
		}
	}
}

func TestAside(t *testing.T) {
	t.Parallel()
	of := func(pkg string, f objscan.StackFunc) objscan.StackFunc {
		f.Package = pkg
		return f
	}
	cold := fn("panics", 100, "small", "large")
	cold.Calls[1].Cold = true
	failing := fn("fails", 100, "small", "large")
	failing.Calls[1].Body = alloc.Pos{File: "f.go", Line: 7}
	system := of("runtime", fn("runtime.f", 100, "runtime.g"))
	system.Runtime, system.Calls[0].Cold = true, true
	g := New(rules)
	g.ErrorPath = func(p alloc.Pos) bool { return p.File == "f.go" && p.Line == 7 }
	g.Add([]objscan.StackFunc{
		fn("small", 10), fn("large", 3000), cold, failing, system, of("runtime", fn("runtime.g", 500)),
		of("fmt", fn("fmt.errorf", 800, "fmt.format")), of("fmt", fn("fmt.format", 600)),
		fn("wraps", 20, "small", "fmt.errorf"), fn("prints", 20, "small", "fmt.format"),
		fn("below", 30, "prints"),
	})
	g.Solve()
	for _, tt := range []struct {
		key           string
		all, ordinary int64
		why           alloc.StackAside
	}{
		{"panics", 108 + 3000, 108 + 10, alloc.AsidePanic},
		{"fails", 108 + 3000, 108 + 10, alloc.AsideError},
		{"wraps", 28 + 808 + 600, 28 + 10, alloc.AsideError},
		{"prints", 28 + 600, 28 + 10, alloc.AsideFormat},
		{"below", 38 + 28 + 600, 38 + 28 + 10, alloc.AsideFormat},
		{"fmt.errorf", 808 + 600, 808 + 600, ""},
		{"runtime.f", 108 + 500, 108 + 500, ""},
	} {
		c, o := g.Chain(tt.key, 40), g.Ordinary(tt.key, 40)
		if c.Bytes != tt.all || o.Bytes != tt.ordinary {
			t.Errorf("%s: %d bytes, ordinary %d; want %d and %d", tt.key, c.Bytes, o.Bytes, tt.all, tt.ordinary)
		}
		var why alloc.StackAside
		for _, s := range c.Steps {
			why = cmp.Or(why, s.Aside)
		}
		if why != tt.why {
			t.Errorf("%s: leaves for %q, want %q", tt.key, why, tt.why)
		}
	}
	if g.Ordinary("nowhere", 0) != nil {
		t.Error("a function that is not there has a chain")
	}
}

// TestRare holds the list of what is not followed to the runtime that it was made
// for, and to its purpose: memory costs a goroutine no kilobytes of stack.
func TestRare(t *testing.T) {
	t.Parallel()
	if !strings.HasPrefix(runtime.Version(), "go1.26") {
		t.Skip("the list is of go1.26; what others have besides makes chains longer")
	}
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "runtime").Output()
	if err != nil {
		t.Fatal(err)
	}
	archives := make(map[string]string)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct{ ImportPath, Export string }
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Export != "" {
			archives[p.ImportPath] = p.Export
		}
	}
	s, err := objscan.NewScanner(archives)
	if err != nil {
		t.Fatal(err)
	}
	g := New(rules)
	var names []string
	for path := range archives {
		list, err := s.Stack(path)
		if err != nil {
			t.Fatal(err)
		}
		g.Add(list)
		for _, f := range list {
			names = append(names, f.Name)
		}
	}
	g.Solve()
	for _, r := range rare {
		prefix, open := strings.CutSuffix(r, "*")
		if !slices.ContainsFunc(names, func(name string) bool { return name == r || open && strings.HasPrefix(name, prefix) }) {
			t.Errorf("the runtime has no function %s", r)
		}
	}
	for _, key := range []string{"runtime.mallocgc", "runtime.growslice", "runtime.chansend1", "runtime.selectgo"} {
		if c := g.Chain(key, 0); c.Bytes > 1000 {
			t.Errorf("%s: %d bytes", key, c.Bytes)
			for _, s := range c.Steps {
				t.Logf("%6d %6d %s", s.Used, s.Bytes, s.Name)
			}
		}
	}
}
