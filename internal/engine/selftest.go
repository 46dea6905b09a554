package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// planted is a file with what every gate must find. It is in no build but that
// of a self-test.
const planted = `package %s

type stackwardSelftest struct{ words [4]int }

var stackwardSelftestKept *stackwardSelftest

//go:noinline
func stackwardSelftestSite(n int) {
	stackwardSelftestKept = &stackwardSelftest{words: [4]int{n}}
}

//stackward:noalloc
//
//go:noinline
func stackwardSelftestContract(n int) {
	stackwardSelftestKept = &stackwardSelftest{words: [4]int{n, n}}
}
`

// plantedFile is the planted file's name, and plantedSite and plantedContract the
// functions in it.
const (
	plantedFile     = "stackward_selftest.go"
	plantedSite     = "stackwardSelftestSite"
	plantedContract = "stackwardSelftestContract"
)

// SelfTest plants allocations in an overlay of one of the packages and demands
// that the same check finds them. It returns what was found, or an error that
// says what was not; budgets are not measured.
func SelfTest(ctx context.Context, req CheckRequest) (found string, err error) {
	p, err := open(ctx, req.Build)
	if err != nil {
		return "", err
	}
	list, err := p.cfg.List(ctx, gocmd.Request{Patterns: patterns(req.Patterns)})
	if err != nil {
		return "", advise(err)
	}
	i := slices.IndexFunc(list.Packages, func(pkg *gocmd.Package) bool {
		return !pkg.DepOnly && len(pkg.GoFiles) > 0 && len(pkg.Errors) == 0
	})
	if i < 0 {
		return "", &Error{Msg: "no package to plant an allocation in"}
	}
	pkg := list.Packages[i]
	req.Update = Keep
	req.planted = map[string]string{filepath.Join(pkg.Dir, plantedFile): fmt.Sprintf(planted, pkg.Name)}
	r, err := Check(ctx, req)
	if err != nil {
		return "", err
	}
	demands := []struct {
		of       string
		rule     alloc.Rule
		function string
		asked    bool
	}{
		{"the contracts", alloc.RuleNoalloc, plantedContract, true},
		{"the comparison", alloc.RuleNewSite, plantedSite, req.Baseline != nil || req.NewFrom != ""},
	}
	var rules []string
	for _, d := range demands {
		if !d.asked {
			continue
		}
		if !slices.ContainsFunc(r.Findings, func(f *alloc.Finding) bool {
			return f.Rule == d.rule && strings.HasSuffix(f.Func, "."+d.function)
		}) {
			return "", &Error{Msg: fmt.Sprintf("%s did not see an allocation planted in %s", d.of, pkg.ImportPath), Hint: "this gate cannot fail: please report it"}
		}
		rules = append(rules, string(d.rule))
	}
	if len(r.Problems) > 0 {
		return "", &Error{Msg: "the check is partial: " + r.Problems[0].Package + ": " + r.Problems[0].Message}
	}
	return fmt.Sprintf("an allocation planted in %s is found: %s", pkg.ImportPath, strings.Join(rules, ", ")), nil
}
