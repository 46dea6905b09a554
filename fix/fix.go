package fix

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/stackward-go/stackward/alloc"
)

//go:embed doc.go
var manual string

// Suite are all fixers, in the order of their names.
var Suite = []*analysis.Analyzer{
	Builder,
	Concrete,
	Cut,
	Hoist,
	InlineSplit,
	Inplace,
	IterSeq,
	Once,
	OutParam,
	Pool,
	Presize,
	ReturnValue,
	Sortslice,
	Sprint,
	StackArray,
	Unchanged,
}

// A Result is what a fixer found in one package.
type Result struct {
	Candidates []*Candidate
	Refusals   []*Refusal
}

// A Candidate is one rewrite that would remove allocations. Whoever applies it
// proves it first: nothing here has asked the compiler.
type Candidate struct {
	Fixer   string
	Message string // what it does, as a phrase: "make items with the length of data"
	// Sites are the expressions that allocate now, the one that the rewrite is
	// told at first.
	Sites []Span
	// Promise says what becomes of them.
	Promise Promise
	// Adds are the kinds of the sites that the rewrite puts into the function
	// in their place, none for most.
	Adds  []alloc.Kind
	Edits []analysis.TextEdit
	// Shares reports that the rewrite lets goroutines share what each had of
	// its own: its tests run with -race.
	Shares bool
	// API is the name of the exported declaration that changes, mostly "".
	// Elsewhere then looks at any other package that may use it: its result has
	// a candidate with the edits that such a package needs, or a refusal if it
	// cannot be, and neither if it does not use the declaration.
	API       string
	Elsewhere *analysis.Analyzer

	// Measure is that the compiler cannot tell whether it allocates less: what it adds may
	// allocate as often as what is gone did, where a loop has few rounds.
	Measure bool

	// Of what is reported, see separate: what is replaced as a whole, and what
	// the edits rely on without changing it. Around says that its edits are put
	// around expressions, in which others may replace something.
	units  []ast.Node
	relies []Span
	around bool
}

// A Promise is what a rewrite says that it does to its sites.
type Promise string

// The promises.
const (
	Gone  Promise = "gone"  // they do not allocate any more: the compiler can tell
	Fewer Promise = "fewer" // they allocate less often, or fewer bytes: only a measurement can tell
	// Moved: they stay, in a function that is inlined now, and where a caller
	// does not keep the value its copy is on its stack: the compiler can tell,
	// see [alloc.Site.Inlined]. At least one copy must never allocate.
	Moved Promise = "moved"
)

// A Span is the extent of an expression, statement or declared name that
// allocates. Its kind is "" where that is a call which is no site itself:
// what it calls allocates, and only costs tell how much.
type Span struct {
	Pos, End token.Pos
	Kind     alloc.Kind
}

// A Refusal says why a fixer left alone what it looks for.
type Refusal struct {
	Fixer string
	Span
	Reason string // "items is used by a closure that outlives the loop"
}

// newAnalyzer makes a fixer of a name. Its documentation is its section of
// doc.go.
func newAnalyzer(name string, run func(*pass)) *analysis.Analyzer {
	return analyzer(name, section(name), run)
}

func analyzer(name, doc string, run func(*pass)) *analysis.Analyzer {
	return &analysis.Analyzer{
		Name:       name,
		Doc:        doc,
		URL:        "https://github.com/stackward-go/stackward/blob/main/docs/fixes.md#" + name,
		Requires:   []*analysis.Analyzer{inspect.Analyzer},
		ResultType: reflect.TypeFor[*Result](),
		Run: func(ap *analysis.Pass) (any, error) {
			p := &pass{Pass: ap, name: name, result: new(Result)}
			p.root = ap.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
			run(p)
			return p.result, nil
		},
	}
}

// section is the text under "# Analyzer NAME" in doc.go.
func section(name string) string {
	_, text, ok := strings.Cut(manual, "\n# Analyzer "+name+"\n")
	if !ok {
		panic("fix: doc.go has no section of " + name)
	}
	if i := strings.Index(text, "\n# "); i >= 0 {
		text = text[:i]
	}
	text, _, _ = strings.Cut(text, "\n*/")
	return strings.TrimSpace(text)
}

// Section is a fixer's part of the manual: a line that sums it up, what it
// rewrites into what, on which conditions, and why it refuses the rest. It is
// "" for an unknown name.
func Section(name string) string {
	for _, a := range Suite {
		if a.Name == name {
			return a.Doc
		}
	}
	return ""
}

// A pass is one fixer's look at one package.
type pass struct {
	*analysis.Pass
	name   string
	root   inspector.Cursor
	result *Result
	users  map[types.Object][]inspector.Cursor
	given  []givenName
	ranged map[ast.Expr]string // names for what loops range over, see lengthRounds
	names  map[string]bool     // of all identifiers, see declarable
	unseen []string            // see tests
	decls  map[*types.Func]*ast.FuncDecl
	// initWhy is what initCalls found, nil before it looked.
	initWhy *string
}

// propose adds a candidate, unless its place is one that nobody edits by hand.
func (p *pass) propose(c *Candidate) {
	if len(c.Sites) == 0 || len(c.Edits) == 0 {
		panic(fmt.Sprintf("fix: %s proposes nothing at %s", p.name, c.Message))
	}
	c.Fixer = p.name
	for _, e := range c.Edits {
		if why := p.untouchable(e.Pos); why != "" {
			p.refuse(c.Sites[0], "%s", why)
			return
		}
	}
	if name := p.redefined(c.Edits); name != "" {
		p.refuse(c.Sites[0], "%s means something else here", name)
		return
	}
	if comment := p.loses(c.Edits); comment != "" {
		p.refuse(c.Sites[0], "the comment %s stands in what is rewritten", comment)
		return
	}
	sortEdits(c.Edits)
	if !p.parses(c.Edits) {
		p.refuse(c.Sites[0], "a comment stands in what is rewritten")
		return
	}
	p.result.Candidates = append(p.result.Candidates, c)
	if c.API != "" {
		return // edits of one package alone would break others
	}
	site := c.Sites[0]
	d := analysis.Diagnostic{Pos: site.Pos, End: site.End, Category: p.name, Message: c.Message}
	if edits := p.separate(c); edits != nil {
		d.SuggestedFixes = []analysis.SuggestedFix{{Message: c.Message, TextEdits: edits}}
	}
	p.Report(d)
}

// refuse notes why a place is left alone.
func (p *pass) refuse(site Span, format string, args ...any) {
	p.result.Refusals = append(p.result.Refusals, &Refusal{Fixer: p.name, Span: site, Reason: fmt.Sprintf(format, args...)})
}

// span is the extent of a node that allocates.
func span(n ast.Node, kind alloc.Kind) Span { return Span{n.Pos(), n.End(), kind} }
