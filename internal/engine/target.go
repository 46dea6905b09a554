package engine

import (
	"context"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/correlate"
	"github.com/stackward-go/stackward/internal/gocmd"
)

// A target is what Explain was asked about.
type target struct {
	id  string
	pos alloc.Pos
}

// parseTarget reads FILE:LINE[:COL] or a site's id, "package.Func#shape#n".
func parseTarget(s string) (target, error) {
	if strings.Count(s, "#") >= 2 {
		return target{id: s}, nil
	}
	bad := func(msg, hint string) (target, error) { return target{}, &Error{Msg: msg, Hint: hint, Usage: true} }
	file, rest, ok := cutPlace(s)
	if !ok {
		st, err := os.Stat(s)
		name, _, hasLine := strings.Cut(s, ":")
		switch {
		case err == nil && st.IsDir(), strings.Contains(s, "..."):
			return bad(s+" is no place, but packages", "the sites of packages are listed by: stackward find "+s)
		case strings.HasSuffix(s, ".go"):
			return bad(s+": a place has a line", fmt.Sprintf("write %s:LINE; the sites of a package are listed by: stackward find", s))
		case hasLine && filepath.Ext(name) != "" && !strings.HasPrefix(filepath.Ext(name), ".go"):
			return bad(name+" is no Go file", "")
		}
		return bad(fmt.Sprintf("%q is no place, site id or cause", s),
			"write FILE:LINE, FILE:LINE:COL, an id as find -format=json prints it, or a cause such as \"returned\"")
	}
	line, col, hasCol := strings.Cut(rest, ":")
	t := target{pos: alloc.Pos{File: file}}
	var err error
	if t.pos.Line, err = strconv.Atoi(line); err != nil || t.pos.Line < 1 {
		return bad(fmt.Sprintf("%s: %q is no line", s, line), "write FILE:LINE or FILE:LINE:COL; lines and columns count from 1")
	}
	if hasCol {
		if t.pos.Col, err = strconv.Atoi(col); err != nil || t.pos.Col < 1 {
			return bad(fmt.Sprintf("%s: %q is no column", s, col), "write FILE:LINE or FILE:LINE:COL; lines and columns count from 1")
		}
	}
	return t, nil
}

// cutPlace cuts FILE:LINE[:COL] behind the file, whose name may hold a colon.
func cutPlace(s string) (file, rest string, ok bool) {
	i := strings.LastIndex(s, ".go:")
	if i < 0 {
		return "", "", false
	}
	return s[:i+3], s[i+4:], true
}

// means reports whether site s is at the target. A target without a column
// means every site of the line, and the places where one was inlined.
func (t target) means(s *alloc.Site) bool {
	if t.id != "" {
		return s.ID == t.id
	}
	if s.File == t.pos.File && s.Line == t.pos.Line && (t.pos.Col == 0 || s.Col == t.pos.Col) {
		return true
	}
	for _, in := range s.Inlined {
		if in.File == t.pos.File && in.Line == t.pos.Line && (t.pos.Col == 0 || in.Col == t.pos.Col) && in.Allocates != alloc.Never {
			return true
		}
	}
	return false
}

// copyOf is the place at the target that a site's function was inlined at, nil
// where the target is the site itself. Of a site that was asked for by its id and
// is in no main module it is the first in one.
func (t target) copyOf(s *alloc.Site, isMain func(fn string) bool) *alloc.Inlining {
	for i := range s.Inlined {
		in := &s.Inlined[i]
		if in.Allocates == alloc.Never {
			continue
		}
		if t.id == "" && in.File == t.pos.File && in.Line == t.pos.Line && (s.File != t.pos.File || s.Line != t.pos.Line) ||
			t.id != "" && !isMain(s.Package+"."+s.Func) && isMain(in.Func) {
			return in
		}
	}
	return nil
}

// isMain reports whether a package belongs to a main module; the method, whether
// a function does.
func isMain(pkg *gocmd.Package) bool { return pkg.Module != nil && pkg.Module.Main }

func (p *pipeline) isMain(fn string) bool {
	path, _ := correlate.SplitFunc(fn, p.known)
	pkg := p.packages[strings.TrimSuffix(path, "_test")]
	return pkg != nil && isMain(pkg)
}

// homes are the patterns of the packages that may hold the target: of an id there
// may be several.
func (t target) homes() []string {
	if t.id == "" {
		return []string{filepath.FromSlash(t.pos.File[:strings.LastIndexByte(t.pos.File, '/')])}
	}
	fn, _, _ := strings.Cut(t.id, "#")
	guess, _ := correlate.SplitFunc(fn, nil)
	homes := []string{strings.TrimSuffix(guess, "_test")}
	for path := range correlate.Splits(fn) {
		if path = strings.TrimSuffix(path, "_test"); !slices.Contains(homes, path) {
			homes = append(homes, path)
		}
	}
	return homes
}

// inTest reports whether the target lies in a test.
func (t target) inTest() bool {
	return strings.HasSuffix(t.pos.File, "_test.go") || strings.Contains(t.id, "_test.")
}

// find makes the target's file absolute. There must be one.
func (p *pipeline) find(t *target) error {
	if t.id != "" {
		return nil
	}
	name := t.pos.File
	if !filepath.IsAbs(name) {
		name = filepath.Join(p.cfg.Dir, name)
	}
	t.pos.File = filepath.ToSlash(filepath.Clean(name))
	st, err := os.Stat(p.onDisk(t.pos.File))
	switch {
	case err == nil && !st.IsDir():
		return nil
	case err == nil:
		return &Error{Msg: t.pos.File + " is a directory"}
	}
	e := &Error{Msg: "no such file: " + t.pos.File}
	if slashed := strings.ReplaceAll(name, `\`, "/"); runtime.GOOS != "windows" && slashed != name {
		e.Hint = "files are written with slashes here"
	}
	return e
}

// compileHome has the packages compiled that may hold the target: those of the
// request or, without any, the target's own.
func (p *pipeline) compileHome(ctx context.Context, t target, req ExplainRequest) error {
	gr := gocmd.Request{Patterns: req.Patterns, Tests: req.Tests || t.inTest(), Diagnose: true}
	if len(req.Patterns) > 0 {
		return p.compile(ctx, gr)
	}
	var first error
	for _, home := range t.homes() {
		gr.Patterns = []string{home}
		err := p.compile(ctx, gr)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		if first == nil {
			first = err
		}
	}
	if t.id != "" {
		return &Error{Msg: "no package of the site " + t.id, Hint: "give the packages to look in behind the id; ids are printed by: stackward find -format=json"}
	}
	if strings.Contains(first.Error(), "outside main module") || strings.Contains(first.Error(), "outside available modules") {
		dir := filepath.Dir(filepath.FromSlash(t.pos.File))
		return &Error{
			Msg:  t.pos.File + " belongs to no package that this module uses",
			Hint: "if it is of another module, work in that: -C " + dir,
		}
	}
	return first
}

// isGeneric reports whether the target lies in a generic function.
func (p *pipeline) isGeneric(t target) bool {
	fn, _, _ := strings.Cut(t.id, "#")
	if f := p.file(t.pos.File); t.id == "" && f != nil {
		fn, _, _, _ = f.FuncAt(t.pos.Line)
	}
	return strings.Contains(fn, "[...]")
}

// instantiated reports whether a package that was compiled has an instance of a
// generic function of a file.
func (p *pipeline) instantiated(file, fn string) bool {
	instances := make(map[string]bool)
	for _, pkg := range p.named {
		if path := plainPath(pkg.ImportPath); p.archives[path] != "" {
			if err := p.scanner.Instances(path, instances); err != nil {
				return false
			}
		}
	}
	for path, pkg := range p.packages {
		if slices.Contains(pkg.GoFiles, file) && instances[path+"."+fn] {
			return true
		}
	}
	return false
}

// compileUsers has the main modules compiled, whose packages may use a generic
// function of the target's package.
func (p *pipeline) compileUsers(ctx context.Context, t target, req ExplainRequest) error {
	var pats []string
	for _, pkg := range p.packages {
		if m := pkg.Module; m != nil && m.Main && !slices.Contains(pats, m.Path+"/...") {
			pats = append(pats, m.Path+"/...")
		}
	}
	if pats == nil && p.env.GOMOD != "" && p.env.GOMOD != os.DevNull {
		pats = []string{"./..."}
	}
	if pats == nil {
		return nil
	}
	slices.Sort(pats)
	clear(p.diags)
	clear(p.unknown)
	clear(p.asked)
	p.named, p.problems = nil, nil
	return p.compile(ctx, gocmd.Request{Patterns: append(pats, t.homes()[0]), Tests: req.Tests || t.inTest(), Diagnose: true})
}

// nothingAt says that there is no site at a place, and which are near.
func (p *pipeline) nothingAt(t target, sites []*alloc.Site) error {
	if t.id != "" {
		return p.noSite(t, sites)
	}
	place := fmt.Sprintf("%s:%d", p.shorten(t.pos.File), t.pos.Line)
	f := p.file(t.pos.File)
	if f == nil {
		return &Error{Msg: "no such file: " + t.pos.File}
	}
	if n := f.Lines(); t.pos.Line > n {
		return &Error{Msg: fmt.Sprintf("%s: the file has %d lines", place, n)}
	}
	if msg, hint := p.leftOut(t.pos.File); msg != "" {
		return &Error{Msg: p.shorten(t.pos.File) + " is not compiled: " + msg, Hint: hint}
	}
	if len(p.problems) > 0 {
		pr := p.problems[0]
		at := pr.Package
		if pr.File != "" {
			at = fmt.Sprintf("%s:%d:%d", p.shorten(pr.File), pr.Line, pr.Col)
		}
		return &Error{Msg: fmt.Sprintf("%s: its package does not compile: %s: %s", place, at, pr.Message)}
	}
	best := 0
	var columns []string
	for _, s := range sites {
		if s.File != t.pos.File {
			continue
		}
		if s.Line == t.pos.Line && s.Col > 0 {
			columns = append(columns, strconv.Itoa(s.Col))
		}
		if best == 0 || abs(s.Line-t.pos.Line) < abs(best-t.pos.Line) {
			best = s.Line
		}
	}
	if columns != nil {
		return &Error{
			Msg:  fmt.Sprintf("%s:%d: no site at this column", place, t.pos.Col),
			Hint: "the line has sites at column " + strings.Join(columns, ", "),
		}
	}
	if fn, _, _, _ := f.FuncAt(t.pos.Line); p.isGeneric(t) && !p.instantiated(t.pos.File, fn) {
		return &Error{
			Msg:  fmt.Sprintf("%s: no package that was compiled uses the generic function %s", place, fn),
			Hint: "give packages that use it behind the place",
		}
	}
	e := &Error{Msg: place + ": neither the compiler nor the machine code names a heap allocation here"}
	if best > 0 {
		e.Hint = fmt.Sprintf("the nearest site is at line %d", best)
	}
	return e
}

// noSite says that there is no site of an id, and which its function has.
func (p *pipeline) noSite(t target, sites []*alloc.Site) error {
	fn, _, _ := strings.Cut(t.id, "#")
	e := &Error{Msg: "no site " + t.id, Hint: "ids are printed by: stackward find -format=json"}
	var ids []string
	for _, s := range sites {
		if s.Package+"."+s.Func == fn {
			ids = append(ids, s.ID)
		}
	}
	switch n := len(ids); {
	case n > 4:
		e.Hint = fmt.Sprintf("the function has %d sites, among them %s", n, strings.Join(ids[:4], ", "))
	case n > 0:
		e.Hint = "the function has " + strings.Join(ids, ", ")
	}
	return e
}

// leftOut says why a file is not among those that were compiled, "" if it is.
func (p *pipeline) leftOut(file string) (msg, hint string) {
	for _, pkg := range p.packages {
		if slices.Contains(pkg.GoFiles, file) {
			return "", ""
		}
	}
	dir, name := filepath.Split(filepath.FromSlash(file))
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.GOROOT = p.env.GOOS, p.env.GOARCH, p.env.GOROOT
	for _, f := range p.build.Flags {
		if tags, ok := strings.CutPrefix(f, "-tags="); ok {
			ctx.BuildTags = strings.FieldsFunc(tags, func(r rune) bool { return r == ',' || r == ' ' })
		}
	}
	target := ctx.GOOS + "/" + ctx.GOARCH
	switch match, err := ctx.MatchFile(dir, name); {
	case strings.HasPrefix(name, "_"), strings.HasPrefix(name, "."):
		return "the go command passes over files that begin with " + name[:1], ""
	case err != nil || match:
		return "it is not one of its package's files", ""
	}
	if line := p.constraint(file); line != "" {
		return fmt.Sprintf("its build constraint %q is not met for %s", line, target), "set what it asks for: -tags, GOOS, GOARCH or another toolchain"
	}
	return "its name says that it is not for " + target, "set GOOS or GOARCH to what it is for"
}

// constraint is a file's build constraint, "" if it has none.
func (p *pipeline) constraint(file string) string {
	f := p.file(file)
	for n := 1; n <= f.Lines(); n++ {
		line := f.SourceLine(n)
		if strings.HasPrefix(line, "package ") {
			break
		}
		if expr, ok := strings.CutPrefix(line, "//go:build "); ok {
			return strings.TrimSpace(expr)
		}
	}
	return ""
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
