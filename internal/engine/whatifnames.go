package engine

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/near"
	"github.com/stackward-go/stackward/internal/whatif"
)

// withoutSites is what to do where a recording has no sites that can be asked about.
func (a *asked) withoutSites(what whatif.ObjectFate) string {
	byURL := a.src.rec != nil && a.src.rec.Header.URL != ""
	switch {
	case byURL && what == whatif.Presized:
		return "sites take a recording of a program that stackward starts: heap record -sites -- go run ./cmd/server"
	case byURL:
		return "name a type; sites take a recording of a program that stackward starts: heap record -sites -- go run ./cmd/server"
	case what == whatif.Presized:
		return "record with -sites"
	}
	return "record with -sites, or name a type"
}

// noType is that nothing has the name of a type, and which types may be meant: those that
// have it without what stands before it, or the one whose name, or that part of it, is
// nearly so.
func (a *asked) noType(name string) *alloc.Problem {
	if name == alloc.TypeUnknown {
		hint := "name where they are allocated, as FILE:LINE; " + a.lists()
		if a.src.sites == nil {
			hint = "a recording with -sites has where they are allocated"
		}
		return &alloc.Problem{Message: "these objects cannot be named by their type: the runtime was given none", Hint: hint}
	}
	var own, last, meant []string
	for i := range a.names {
		n := &a.names[i]
		if n.short == "" {
			continue
		}
		own = append(own, n.own)
		last = append(last, lastElement(n.short))
	}
	add := func(is string) {
		for i, l := range last {
			if is != "" && (l == is || withoutArgs(l) == is) && !slices.Contains(meant, own[i]) {
				meant = append(meant, own[i])
			}
		}
	}
	if add(lastElement(name)); meant == nil {
		if w := near.Word(name, own, slip(name)); w != "" {
			meant = append(meant, w)
		} else if lastElement(name) == name {
			add(near.Word(name, last, slip(name)))
		}
	}
	slices.SortStableFunc(meant, func(a, b string) int { return cmp.Compare(len(a), len(b)) }) // T before *T
	return &alloc.Problem{Message: "the recording has no objects of type " + name, Hint: a.meant(meant)}
}

// noSite is that nothing was allocated at a line, and where it was: at the nearest lines of
// that file, or of the one that has nearly its name.
func (a *asked) noSite(name, file string, line int) *alloc.Problem {
	sites := a.src.sites
	nearest := make(map[string]alloc.Pos) // by file
	var files []string
	for _, p := range sites.places[1:] {
		pos := sites.pos(&p)
		best, ok := nearest[pos.File]
		if !ok {
			files = append(files, pos.File)
		}
		if !ok || apart(pos.Line, line) < apart(best.Line, line) {
			nearest[pos.File] = pos
		}
	}
	meant := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return !inFile(f, file) })
	if len(meant) == 0 {
		if w := near.Word(file, files, slip(file)); w != "" {
			meant = append(meant, w)
		}
	}
	if len(meant) == 0 { // of another directory
		meant = slices.DeleteFunc(files, func(f string) bool { return path.Base(f) != path.Base(file) })
	}
	slices.SortFunc(meant, func(f, g string) int {
		return cmp.Or(cmp.Compare(apart(nearest[f].Line, line), apart(nearest[g].Line, line)), cmp.Compare(f, g))
	})
	for i, f := range meant {
		meant[i] = fmt.Sprintf("%s:%d", f, nearest[f].Line)
	}
	return &alloc.Problem{Message: "the recording has no objects of site " + name, Hint: a.meant(meant)}
}

// meant asks whether one of some names is meant, the most likely first.
func (a *asked) meant(names []string) string {
	const most = 3
	if len(names) == 0 {
		return a.lists()
	}
	return "did you mean " + strings.Join(names[:min(len(names), most)], " or ") + "?"
}

// lists says what lists all names.
func (a *asked) lists() string { return "stackward heap -top 0 " + a.file + " lists them" }

// slip is how many edits a slip in a name may make.
func slip(name string) int { return min(max(1, len(name)/4), 3) }

func apart(a, b int) int { return max(a-b, b-a) }

// inFile reports whether a file is one that a user names, by the end of its path.
func inFile(file, name string) bool { return file == name || strings.HasSuffix(file, "/"+name) }

// lastElement is a type's name without its package, and without what it points to.
func lastElement(name string) string {
	base := withoutArgs(name)
	return name[strings.LastIndexAny(base, ".*")+1:]
}

// withoutArgs is a type's name without type arguments.
func withoutArgs(name string) string {
	if i := strings.IndexByte(name, '['); i > 0 {
		return name[:i]
	}
	return name
}

// ofMap reports whether a type is what the runtime makes maps of (go1.24 to go1.27).
func ofMap(typ string) bool {
	typ = strings.TrimPrefix(typ, "noalg.")
	return strings.HasPrefix(typ, "map.group[") || strings.HasPrefix(typ, "maps.") || strings.HasPrefix(typ, "*maps.")
}
