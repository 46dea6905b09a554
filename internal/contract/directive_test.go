package contract

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestScan(t *testing.T) {
	t.Parallel()
	const src = `package p

// F does.
//
//stackward:noalloc
func F() {}

//stackward:allocs<=2
func (t *T[K]) M() {}

type I interface {
	//stackward:noalloc
	Do()
	Undo() //stackward:allocs<=1
}

//stackward:noalloc // people may read this
var f = func() {}

func g(x int) {
	//stackward:stack
	y := &x
	if x > 0 { //stackward:cold
		x++
		x--
	}
	// A comment before it.
	//
	//stackward:ignore returned,append the caller keeps it
	h(y)
	z := func() int { return x } //stackward:noalloc
	z()
}

//stackward:noalloc
type T[K any] struct{}

//stackward:stack
func Wrong1() {}

//stackward:noalloc twice
func Wrong2() {}

//stackward:allocs<=few
func Wrong3() {}

//stackward:ignore oops the reason
func Wrong4() {}

//stackward:Noalloc
func Wrong5() {}

//stackward:noalloc
func asm()

//stackward:cold
`
	const want = `
5 noalloc F 6-6
8 allocs (*T[...]).M 9-9 max 2
12 noalloc I.Do 13-13 interface
14 allocs I.Undo 14-14 max 1 interface
17 noalloc literal 18-18
21 stack 22-22
23 cold 23-26
29 ignore 30-30 returned append (the caller keeps it)
31 noalloc literal 31-31
35 wrong: no function begins here
38 wrong: stack is about
41 wrong: noalloc takes nothing
44 wrong: allocs takes a number
47 wrong: no cause or kind "oops"
50 wrong: no directive "Noalloc"
53 wrong: asm has no body here
56 wrong: no statement begins
`
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteByte('\n')
	var wrong []string
	for line := range strings.Lines(want) {
		if _, w, ok := strings.Cut(line, " wrong: "); ok {
			wrong = append(wrong, strings.TrimSpace(w))
		}
	}
	for _, d := range Scan("example.com/p", fset, []*ast.File{f}) {
		fmt.Fprint(&b, d.Line)
		if d.Wrong != "" {
			text := d.Wrong
			for _, w := range wrong {
				if strings.HasPrefix(text, w) {
					text = w
				}
			}
			fmt.Fprintf(&b, " wrong: %s\n", text)
			continue
		}
		fmt.Fprint(&b, " ", d.Verb)
		if d.Literal {
			fmt.Fprint(&b, " literal")
		}
		if d.Func != "" {
			fmt.Fprint(&b, " ", d.Func)
		}
		fmt.Fprintf(&b, " %d-%d", d.From, d.To)
		if d.Verb == Allocs {
			fmt.Fprint(&b, " max ", d.Max)
		}
		if d.Interface {
			fmt.Fprint(&b, " interface")
		}
		if d.Verb == Ignore {
			fmt.Fprintf(&b, " %s (%s)", strings.Join(d.Causes, " "), d.Reason)
		}
		b.WriteByte('\n')
	}
	if b.String() != want {
		t.Errorf("got%swant%s", b.String(), want)
	}
}

// FuzzDirective gives any text a place in a file: whatever it says, it is either
// understood or refused with a reason.
func FuzzDirective(f *testing.F) {
	for _, s := range []string{"noalloc", "allocs<=2", "allocs<=-1", "allocs<=99999999999999999999", "ignore returned x", "ignore , x", "cold // why", "stack<=1", "", " noalloc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text, _, _ = strings.Cut(strings.ReplaceAll(text, "\r", ""), "\n")
		for _, src := range []string{
			"package p\n\n" + prefix + text + "\nfunc f() {}\n",
			"package p\n\nfunc f() {\n\tx := 1 " + prefix + text + "\n}\n",
			"package p\n\n" + prefix + text + "\n",
		} {
			fset := token.NewFileSet()
			file, _ := parser.ParseFile(fset, "p.go", src, parser.ParseComments|parser.SkipObjectResolution)
			if file == nil {
				continue
			}
			for _, d := range Scan("p", fset, []*ast.File{file}) {
				if d.Wrong == "" && (d.From < 1 || d.To < d.From || d.Max < 0) {
					t.Errorf("%q: %+v", src, d)
				}
			}
		}
	})
}
