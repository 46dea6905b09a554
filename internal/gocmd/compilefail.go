package gocmd

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// errorsOf turns what go list has against a package into its Errors, one each
// message of the compiler. broken are the packages that have an error of their
// own: what their dependents say of it again is only named.
func (c *Config) errorsOf(p *Package, l *listed, broken map[string]bool) []PackageError {
	var errs []PackageError
	add := func(list ...PackageError) {
		for _, e := range list {
			if !slices.Contains(errs, e) {
				errs = append(errs, e)
			}
		}
	}
	if l.Error != nil {
		add(c.parseError(p, l.Error)...)
	}
	if l.Export != "" || l.Error != nil {
		return errs
	}
	for _, e := range l.DepsErrors {
		dep := blamed(e)
		if dep != "" && dep != l.ImportPath && broken[dep] {
			add(PackageError{Message: "not compiled, since it depends on " + dep + ", which is not"})
			continue
		}
		add(c.parseError(p, e)...)
	}
	return errs
}

// blamed is the package that an error is about: the one whose section of the
// compiler's text it holds, or the last one of the import stack.
func blamed(e *listedError) string {
	if header, ok := strings.CutPrefix(firstLine(e.Err), "# "); ok {
		return header
	}
	if n := len(e.ImportStack); n > 0 {
		return e.ImportStack[n-1]
	}
	return ""
}

var (
	// errorLine is a line of the compiler, cgo or go vet about a place.
	errorLine = regexp.MustCompile(`^([^\s:][^:]*|[A-Za-z]:[^:]+):(\d+)(:\d+)?: (.*)$`)
	// diagnostic is what the compiler says for -m=2 rather than against the
	// source. An error found after escape analysis has all of that before it.
	diagnostic = regexp.MustCompile(`^(can inline |cannot inline |inlining call to |moved to heap: |leaking param|parameter .* leaks to |  flow: |    from |devirtualizing |ignoring self-assignment|zero-copy |assuming |.* escapes to heap( in .*:|:)?$|.* does not escape( in .*)?$)`)
)

// parseError splits one error of go list, which for a failed compilation is
// all that the compiler said.
func (c *Config) parseError(p *Package, e *listedError) []PackageError {
	if e.Pos != "" {
		return []PackageError{{Pos: c.absolute(p, e.Pos), Message: strings.TrimSpace(e.Err)}}
	}
	var errs []PackageError
	open := false // the last line was an error: indented ones belong to it
	for line := range strings.Lines(e.Err) {
		line = strings.TrimRight(line, "\r\n")
		m := errorLine.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(line, "# "):
			open = false
		case m != nil && diagnostic.MatchString(m[4]):
			open = false
		case m != nil:
			errs = append(errs, PackageError{Pos: c.absolute(p, m[1]+":"+m[2]+m[3]), Message: m[4]})
			open = true
		case open && strings.HasPrefix(line, "\t"):
			errs[len(errs)-1].Message += "\n" + line
		}
	}
	if errs == nil {
		return []PackageError{{Message: shorten(e.Err)}}
	}
	return errs
}

// shorten leaves out the header of the compiler's text and all but its first
// lines, which for a flag that the compiler does not know is its whole usage.
func shorten(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "# ") })
	if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "usage: ") }); i > 0 {
		lines = lines[:i]
	}
	if len(lines) > 6 {
		lines = append(lines[:6:6], "…")
	}
	return strings.Join(lines, "\n")
}

// absolute makes the file of a position that the go command printed absolute.
// It is relative to the directory of the command or, with -trimpath, starts
// with the import path.
func (c *Config) absolute(p *Package, pos string) string {
	pos = strings.TrimSpace(filepath.ToSlash(pos))
	drive := len(filepath.VolumeName(pos))
	file, rest := pos, ""
	if i := strings.IndexByte(pos[drive:], ':'); i >= 0 {
		file, rest = pos[:drive+i], pos[drive+i:]
	}
	if filepath.IsAbs(file) || strings.HasPrefix(file, "<") {
		return pos
	}
	plain, _, _ := strings.Cut(p.ImportPath, " ")
	dir, base := path.Split(file)
	if dir = strings.TrimSuffix(dir, "/"); dir == plain || dir == strings.TrimSuffix(plain, "_test") {
		return filepath.ToSlash(filepath.Join(p.Dir, base)) + rest
	}
	return filepath.ToSlash(filepath.Join(c.Dir, file)) + rest
}
