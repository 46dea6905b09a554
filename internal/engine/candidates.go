package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/flow"
)

// likelyFirst orders the methods that a story's dynamic call may mean: that of
// the value itself, where it is the receiver; those of the user's packages; of
// packages that the one with the call, or the site's own, imports; exported
// before others. Any of them may be meant.
func (p *pipeline) likelyFirst(story *flow.Story, s *alloc.Site) []string {
	if len(story.Candidates) < 2 {
		return story.Candidates
	}
	imports := make(map[string]bool)
	for _, path := range []string{s.Package, story.Dynamic.Package} {
		imports[path] = true
		if pkg := p.packages[path]; pkg != nil {
			for _, imp := range pkg.Imports {
				imports[imp] = true
			}
		}
	}
	type candidate struct {
		method string
		rank   int
	}
	list := make([]candidate, len(story.Candidates))
	for i, method := range story.Candidates {
		path, name := correlate.SplitFunc(method, p.known)
		typ, _, _ := strings.Cut(strings.TrimPrefix(name, "(*"), ".")
		typ = strings.TrimSuffix(typ, ")")
		rank := 3
		switch {
		case story.Received && p.packages[path] != nil && strings.TrimPrefix(s.Type, "*") == p.packages[path].Name+"."+typ:
			rank = 0
		case p.ownPackage(path):
			rank = 1
		case imports[path]:
			rank = 2
		}
		rank *= 2
		if typ != "" && typ[0] >= 'a' {
			rank++
		}
		list[i] = candidate{method, rank}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.method, b.method))
	})
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.method
	}
	return out
}
