// Package baseline keeps what a module allocates in a file that is checked in,
// and says what is worse than the file allows.
//
//	file     → Read               → Baseline, which Write writes
//	report   → Baseline.Findings  → sites that are new, what costs more, what is missing
//	         → Baseline.Update    → the Baseline tightened or, if asked to, made anew
//	two reports → New             → sites that only one of them has
//
// The file is text, one entry a line, sorted, and so merges as text does; its
// form is told in docs/formats.md. No entry has a line number: what moves within
// its function stays what it is. Expressions that are equal within a function
// are counted: which of two is the new one, nobody can tell.
package baseline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// Version is that of the file's form.
const Version = 1

// A Baseline is what is allowed.
type Baseline struct {
	// Name is the file's, for messages and positions.
	Name   string
	Target Target

	Packages  []Package
	Contracts []Contract
	Limits    []Limit
	Sites     []Site

	comments []string // at the end of the file
	crlf     bool
}

// A Target is what a baseline is of: the same source has other sites elsewhere.
type Target struct {
	Toolchain string   // go1.26: releases of one series are taken for equal
	Platform  string   // linux/amd64
	Flags     []string // that decide what is compiled and looked at, sorted
}

// An Entry is what every entry has: where it stands and what is said of it.
type Entry struct {
	Line     int      // in the file, 0 for a new entry
	Comments []string // the lines before it that begin with #
}

// A Package is one that was checked.
type Package struct {
	Entry
	Path string
}

// A Contract is a promise that the source must not lose.
type Contract struct {
	Entry
	Func, Directive string
}

// A Limit is what a benchmark may allocate per operation: in all, a budget, or
// at a site, its cost.
type Limit struct {
	Entry
	Package, Benchmark string
	Site               string // id, "" for a budget
	Unit               string // "allocs/op" or "B/op"
	Max                float64
}

// A Site is an allocation that is allowed: an expression of a checked package
// or, with In, one of another package that is inlined into a function of these.
type Site struct {
	Entry
	ID    string
	Kind  alloc.Kind
	Cause alloc.Cause // "" unknown
	In    string      // full name of the function with the ordinal of the copy, F#1
}

// TargetOf is the target of a report, with the flags that it was made with.
func TargetOf(h *alloc.Header, flags []string) Target {
	t := Target{Toolchain: series(h.Go), Platform: h.GOOS + "/" + h.GOARCH, Flags: slices.Clone(flags)}
	slices.Sort(t.Flags)
	return t
}

var release = regexp.MustCompile(`go[0-9]+\.[0-9]+`)

// series is the release that a toolchain belongs to, with its experiments:
// "go1.26.8 X:arenas" is of go1.26,X:arenas. A development toolchain is of the
// release that it will be.
func series(version string) string {
	name := release.FindString(version)
	if name == "" {
		name = strings.ReplaceAll(version, " ", "-")
	}
	if _, x, ok := strings.Cut(version, "X:"); ok {
		x, _, _ = strings.Cut(x, " ")
		name += ",X:" + x
	}
	return name
}

func (t Target) String() string {
	return strings.Join(append([]string{t.Toolchain, t.Platform}, t.Flags...), " ")
}

// Differs says in words how a build differs from what the baseline is of, ""
// not at all.
func (b *Baseline) Differs(t Target) string {
	if b.Target.Toolchain == t.Toolchain && b.Target.Platform == t.Platform && slices.Equal(b.Target.Flags, t.Flags) {
		return ""
	}
	return fmt.Sprintf("%s is of %s, and this is %s", b.Name, b.Target, t)
}

// sort puts all entries into the order of their lines.
func (b *Baseline) sort() {
	slices.SortStableFunc(b.Packages, func(x, y Package) int { return strings.Compare(x.line(), y.line()) })
	slices.SortStableFunc(b.Contracts, func(x, y Contract) int { return strings.Compare(x.line(), y.line()) })
	slices.SortStableFunc(b.Limits, func(x, y Limit) int {
		return cmp.Or(compareBool(x.Site != "", y.Site != ""), strings.Compare(x.line(), y.line()))
	})
	slices.SortStableFunc(b.Sites, func(x, y Site) int { return strings.Compare(x.line(), y.line()) })
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}
