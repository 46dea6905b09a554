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
