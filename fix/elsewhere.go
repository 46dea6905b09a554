package fix

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// elsewhere is an analyzer of packages that may call a function of another one:
// edits gives the edits of the calls that it sees, or says why there are none.
func elsewhere(fixer string, fn *types.Func, edits func(p *pass, calls []inspector.Cursor) (edits []analysis.TextEdit, why string)) *analysis.Analyzer {
	return analyzer(fixer, "edits calls of "+fn.FullName(), func(p *pass) {
		var here *types.Func
		for _, obj := range p.TypesInfo.Uses {
			if f, ok := obj.(*types.Func); ok && f.FullName() == fn.FullName() {
				here = f.Origin()
				break
			}
		}
		if here == nil {
			return
		}
		calls, why := p.callsOf(here)
		var list []analysis.TextEdit
		if why == "" && p.mentioned(fn.Name()) {
			why = "a file that is not part of this build names " + fn.Name()
		}
		if why == "" && p.linknamed(fn.Name()) {
			why = "a //go:linkname directive names " + fn.Name()
		}
		if why == "" {
			list, why = edits(p, calls)
		}
		site := span(p.uses(here)[0].Node(), "")
		switch {
		case why != "":
			p.refuse(site, "%s", why)
		case len(list) > 0:
			p.propose(&Candidate{Message: "edit the calls of " + fn.Name(), Sites: []Span{site}, Edits: list})
		}
	})
}

// callsOf are the calls of a function that the package has, and why they are not
// all of its uses.
func (p *pass) callsOf(fn *types.Func) (calls []inspector.Cursor, why string) {
	for _, use := range p.uses(fn) {
		if call, ok := called(use); ok {
			calls = append(calls, call)
		} else if why == "" {
			why = fmt.Sprintf("line %d uses %s as a value", p.lineOf(use), fn.Name())
		}
	}
	return calls, why
}
