package fix_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"

	"github.com/stackward-go/stackward/fix"
)

// A harness that finds nothing must be one that would.
func TestHarness(t *testing.T) {
	// Replaces every 1 with a text.
	one := func(with string) *analysis.Analyzer {
		return &analysis.Analyzer{
			Name: "one", Doc: "one", Requires: []*analysis.Analyzer{inspect.Analyzer},
			Run: func(p *analysis.Pass) (any, error) {
				res := new(fix.Result)
				ast.Inspect(p.Files[0], func(n ast.Node) bool {
					if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.INT && lit.Value == "1" {
						res.Candidates = append(res.Candidates, &fix.Candidate{Fixer: "one", Edits: []analysis.TextEdit{{Pos: lit.Pos(), End: lit.End(), NewText: []byte(with)}}})
					}
					return true
				})
				return res, nil
			},
		}
	}
	const src = `package main

import "fmt"

type t struct{ n int }

type e struct {
	t
	*u
}

type u = t

var top = 1

func main() {
	xs := []int{0, 1}
	v := e{t: t{n: 1}}
	fmt.Printf("%d %v %T %d\n", xs[1:], v.t.n, v, v.u)
	defer fmt.Println("deferred")
	fmt.Println(xs[top])
}
`
	for _, test := range []struct{ with, want string }{
		{"(0 + 1)", "five runs"},
		{"2", "prints something else"},
		{"'1'", "prints something else"},
		{"0x1", ""},
		{"`1`", "does not compile"},
		{"len(fmt.Sprintf(`%d`))", "vet"},
		{"func() int { panic(1) }()", "dies before main"},
	} {
		t.Run(test.with, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, []*analysis.Analyzer{one(test.with)})
			before, err := b.check([]byte(src), "go1.24")
			if err != nil {
				t.Fatal(err)
			}
			list := b.variants(&program{name: "p", src: []byte(src), version: "go1.24"}, before)
			if len(list) == 0 && test.want != "does not compile" {
				t.Fatal("nothing to run")
			}
			b.try(t, list)
			if test.want == "" && len(b.findings) > 0 {
				t.Errorf("found %v", b.findings)
			}
			found := test.want == ""
			for _, f := range b.findings {
				found = found || strings.Contains(f.what, test.want)
			}
			if !found {
				t.Errorf("found %v, want %s", b.findings, test.want)
			}
		})
	}
}

// A program that prints an address prints something else each time.
func TestAddresses(t *testing.T) {
	src := []byte(`package main

import "fmt"

var kept *any

func main() {
	kept = new(any)
	fmt.Printf("%d %T\n", struct{ p *any }{kept}, 1)
}
`)
	b := newBench(t, nil)
	before, err := b.check(src, "go1.26")
	if err != nil {
		t.Fatal(err)
	}
	p := &program{name: "p", src: src, version: "go1.26"}
	b.try(t, b.compilable([]*variant{{prog: p, src: src, checked: before}, {prog: p, src: src, of: "one"}}))
	if b.dropped != 1 || b.of("one").ran != 0 {
		t.Errorf("%d programs dropped, %d variants run, found %v", b.dropped, b.of("one").ran, b.findings)
	}
}
