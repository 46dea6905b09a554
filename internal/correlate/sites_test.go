package correlate

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/expr"
)

// TestStableIDs has the compiler speak of several values at one position, that
// of the outermost call of an inlined body: their ids are the same in every run.
func TestStableIDs(t *testing.T) {
	ids := func() []string {
		j := New(func(string) *expr.File { return nil })
		var diags []*alloc.Diagnostic
		for i := range 12 {
			diags = append(diags, &alloc.Diagnostic{
				Package: "m", Func: "F", Pos: alloc.Pos{File: "/m/m.go", Line: 3, Col: 7},
				Verdict: alloc.EscapesToHeap, Expr: fmt.Sprintf("dep.T%d{}", 12-i),
			})
		}
		j.Package("m", diags, nil)
		var list []string
		for _, s := range j.Sites() {
			list = append(list, s.ID+" "+s.Expr+" "+s.Type)
		}
		return list
	}
	first := ids()
	if len(first) < 2 {
		t.Fatalf("%d sites at one position, want several: %q", len(first), first)
	}
	for range 20 {
		if again := ids(); !slices.Equal(first, again) {
			t.Fatalf("ids differ from run to run:\n%q\n%q", first, again)
		}
	}
}

// TestNestedSample has an allocation start a collection, for which the runtime
// makes an object of its own: it is no string of the expression that stands
// there, and says nothing of its type.
func TestNestedSample(t *testing.T) {
	file := func(fn string) alloc.Frame { return alloc.Frame{Func: fn, File: "/m/m.go", Line: 3} }
	stack := func(fns ...string) (list []alloc.Frame) {
		for _, fn := range fns {
			list = append(list, file(fn))
		}
		return list
	}
	j := New(func(string) *expr.File { return nil })
	var diags []*alloc.Diagnostic
	var calls []alloc.Call
	diags = append(diags, &alloc.Diagnostic{Package: "m", Func: "F", Pos: alloc.Pos{File: "/m/m.go", Line: 3, Col: 7}, Verdict: alloc.EscapesToHeap, Expr: "a + b"})
	calls = append(calls, alloc.Call{Package: "m", Entry: "runtime.concatstring2", Bytes: -1, Frames: stack("m.F")})
	j.Package("m", diags, calls)
	nested := j.Sample(&alloc.Sample{Entry: "runtime.concatstring2", Type: "runtime.sudog", Frames: stack(
		"runtime.mallocgcSmallScanHeader", "runtime.mallocgc", "runtime.newobject", "runtime.acquireSudog", "runtime.gcStart",
		"runtime.mallocgc", "runtime.rawstring", "runtime.concatstring2", "m.F")})
	own := j.Sample(&alloc.Sample{Entry: "runtime.concatstring2", Type: "uint8", Frames: stack(
		"runtime.mallocgc", "runtime.rawstring", "runtime.concatstring2", "m.F")})
	j.Sites()
	if nested == own || nested.Kind != alloc.Runtime || nested.Cause != alloc.ByRuntime || nested.Type != "runtime.sudog" {
		t.Errorf("the runtime's own object is a %s of %q: %s", nested.Kind, nested.Type, nested.Cause)
	}
	if own.Kind != alloc.String || own.Type != "" || own.Cause != alloc.Concatenation {
		t.Errorf("the string is a %s of %q: %s", own.Kind, own.Type, own.Cause)
	}
}

// TestFitGrowth holds that what append grows is not explained by the literal that
// it appends to, of which go1.24 says that it escapes.
func TestFitGrowth(t *testing.T) {
	t.Parallel()
	call := alloc.Call{Entry: "runtime.growslice", Type: "int", Frames: []alloc.Frame{{Func: "m.F", File: "/m.go", Line: 3}}}
	for expr, want := range map[string]bool{"[]int{}": false, "[]int{...}": false, "make([]int, n)": true} {
		d := &alloc.Diagnostic{Verdict: alloc.EscapesToHeap, Expr: expr, Pos: alloc.Pos{File: "/m.go", Line: 3, Col: 9}}
		if got := fit(&claim{d: d, kind: alloc.Slice}, &call, call.Frames[0]) > 0; got != want {
			t.Errorf("%s explains growslice: %v, want %v", expr, got, want)
		}
	}
}
