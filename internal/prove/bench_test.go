package prove

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// What the runtime makes for itself below a function is not the function's.
func TestInFunction(t *testing.T) {
	b := benchmark{"example.com/m", "BenchmarkF"}
	site := func(id, fn string, kind alloc.Kind) *alloc.Site {
		return &alloc.Site{ID: id, Package: b.pkg, Func: fn, Kind: kind}
	}
	via := []alloc.Frame{{Func: "example.com/m.F.func1"}}
	w := &weights{
		sites: map[string]*alloc.Site{
			"append": site("append", "F", alloc.Append), "sudog": site("sudog", "F", alloc.Runtime), "other": site("other", "G", alloc.Append),
		},
		costs: map[benchmark][]*alloc.Cost{b: {
			{Site: "append", AllocsPerOp: 9, BytesPerOp: 90}, {Site: "sudog", AllocsPerOp: 0.001, BytesPerOp: 1},
			{Site: "other", AllocsPerOp: 3, BytesPerOp: 30}, {Site: "dependency", Via: via, AllocsPerOp: 2, BytesPerOp: 20},
			{Site: "sudog", Via: via, AllocsPerOp: 0.002, BytesPerOp: 2},
		}},
	}
	if allocs, bytes := w.in(b, []function{{pkg: b.pkg, name: "F"}}); allocs != 11 || bytes != 110 {
		t.Errorf("F allocates %v times, %v bytes; want 11, 110", allocs, bytes)
	}
}
