package baseline

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// A SyntaxError is a line that is no part of a baseline.
type SyntaxError struct {
	Name string
	Line int
	Msg  string
	Hint string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.Name, e.Line, e.Msg) }

// head is the first line.
const head = "stackward baseline "

// Read reads a baseline. The order of its entries does not matter, nor does an
// entry that stands there twice, as a merge may leave it: it allows no more than
// once. Whatever else it does not know is an error, so that nothing is lost that
// somebody meant.
func Read(r io.Reader, name string) (*Baseline, error) {
	b := &Baseline{Name: name}
	p := &reader{b: b, seen: make(map[string]int)}
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if err != nil && err != io.EOF {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if err == io.EOF {
			p.n++
			switch {
			case p.n == 1 && line == "":
				return nil, p.fail("the file is empty", "the first one is written by: stackward check -baseline "+name+" -update=all")
			case line != "":
				return nil, p.fail("the last line has no end", "was the file cut off?")
			case b.Target.Toolchain == "":
				return nil, p.fail("the file ends before its line toolchain", "was the file cut off?")
			}
			b.comments = p.comments
			b.sort()
			return b, nil
		}
		p.n++
		if err := p.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, err
		}
	}
}

// A reader is the state between two lines.
type reader struct {
	b        *Baseline
	n        int // number of the line
	comments []string
	seen     map[string]int // entries that may stand there once, by what makes them so
}

func (p *reader) fail(msg, hint string) error { return &SyntaxError{p.b.Name, p.n, msg, hint} }

func (p *reader) line(text string) error {
	if t, ok := strings.CutSuffix(text, "\r"); ok {
		text, p.b.crlf = t, true
	}
	if p.n == 1 {
		v, ok := strings.CutPrefix(text, head)
		switch n, err := strconv.Atoi(v); {
		case conflict(text):
		case !ok || err != nil:
			return p.fail("not a baseline: the first line is not \""+head+strconv.Itoa(Version)+"\"", "")
		case n != Version:
			return p.fail(fmt.Sprintf("a baseline of version %d, and this program reads version %d", n, Version), "install the stackward that wrote it, or write it anew")
		default:
			return nil
		}
	}
	switch {
	case conflict(text):
		return p.fail("a merge conflict", "keep the lines of both sides, then run check with -update")
	case strings.Trim(text, " \t") == "":
		return nil
	case text[0] == '#':
		p.comments = append(p.comments, text)
		return nil
	}
	f, err := fields(text)
	if err != nil {
		return p.fail(err.Error(), "")
	}
	return p.entry(f)
}

// conflict reports a line that git leaves where it could not merge.
func conflict(line string) bool {
	for _, mark := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if rest, ok := strings.CutPrefix(line, mark); ok && (rest == "" || rest[0] == ' ') {
			return true
		}
	}
	return false
}

// entry reads the fields of a line.
func (p *reader) entry(f []string) error {
	b, e := p.b, Entry{Line: p.n, Comments: p.comments}
	p.comments = nil
	bad := func(form string) error {
		return p.fail("unknown: "+join(f...), "such a line is: "+form)
	}
	switch f[0] {
	case "toolchain":
		if len(f) != 3 || e.Comments != nil {
			return bad("toolchain go1.26 linux/amd64, with nothing before it")
		}
		if b.Target.Toolchain != "" {
			return p.fail("a second toolchain", "a baseline is of one; keep several files for several")
		}
		b.Target.Toolchain, b.Target.Platform = f[1], f[2]
	case "flags":
		if len(f) < 2 || b.Target.Flags != nil || e.Comments != nil {
			return bad("flags -tags=x, once, with nothing before it")
		}
		b.Target.Flags = f[1:]
		slices.Sort(b.Target.Flags)
	case "package":
		if len(f) != 2 {
			return bad("package PATH")
		}
		if p.once(f) {
			b.Packages = append(b.Packages, Package{e, f[1]})
		}
	case "contract":
		if len(f) != 3 {
			return bad("contract FUNC DIRECTIVE")
		}
		if p.once(f) {
			b.Contracts = append(b.Contracts, Contract{e, f[1], f[2]})
		}
	case "budget", "cost":
		l, ok := limit(f)
		if !ok {
			if f[0] == "cost" {
				return bad("cost PACKAGE BENCHMARK SITE allocs/op <= N, or B/op")
			}
			return bad("budget PACKAGE BENCHMARK allocs/op <= N, or B/op")
		}
		l.Entry = e
		key := f[:len(f)-1]
		if first, ok := p.seen[join(key...)]; ok {
			if i := slices.IndexFunc(b.Limits, func(o Limit) bool { return o.Line == first }); b.Limits[i].Max != l.Max {
				return p.fail(fmt.Sprintf("another limit than in line %d", first), "keep one of them")
			}
			return nil
		}
		p.seen[join(key...)] = p.n
		b.Limits = append(b.Limits, l)
	case "site":
		s, ok := site(f)
		if !ok {
			return bad("site ID KIND CAUSE, or site ID KIND CAUSE in FUNC#N")
		}
		s.Entry = e
		if p.once([]string{"site", s.ID, s.In}) {
			b.Sites = append(b.Sites, s)
		}
	default:
		return p.fail("unknown: "+join(f...), "entries begin with toolchain, flags, package, contract, budget, cost or site")
	}
	return nil
}

// once reports whether an entry is the first of its kind.
func (p *reader) once(f []string) bool {
	key := join(f...)
	_, ok := p.seen[key]
	p.seen[key] = p.n
	return !ok
}

// limit reads "budget PACKAGE BENCHMARK UNIT <= N" and the like of a cost.
func limit(f []string) (l Limit, ok bool) {
	if f[0] == "cost" {
		if len(f) != 7 || !isID(f[3]) {
			return l, false
		}
		l.Site = f[3]
		f = slices.Delete(slices.Clone(f), 3, 4)
	}
	if len(f) != 6 || f[4] != "<=" || f[3] != "allocs/op" && f[3] != "B/op" {
		return l, false
	}
	l.Package, l.Benchmark, l.Unit = f[1], f[2], f[3]
	var err error
	l.Max, err = strconv.ParseFloat(f[5], 64)
	return l, err == nil && l.Max >= 0 && !math.IsInf(l.Max, 0)
}

// site reads "site ID KIND CAUSE [in FUNC#N]".
func site(f []string) (s Site, ok bool) {
	switch {
	case len(f) == 6 && f[4] == "in" && numbered(f[5]):
		s.In = f[5]
	case len(f) != 4:
		return s, false
	}
	s.ID, s.Kind, s.Cause = f[1], alloc.Kind(f[2]), alloc.Cause(f[3])
	if s.Cause == unknown {
		s.Cause = ""
	}
	return s, isID(s.ID)
}

// unknown stands for a cause that is not known.
const unknown = "-"

// isID reports whether a word has the form of a site's id.
func isID(s string) bool { return strings.Count(s, "#") >= 2 && numbered(s) }

// numbered reports whether a word ends in # and a number from 1.
func numbered(s string) bool {
	i := strings.LastIndexByte(s, '#')
	n, err := strconv.Atoi(s[i+1:])
	return i > 0 && err == nil && n > 0 && strconv.Itoa(n) == s[i+1:]
}

// fields are the words of a line; one that is quoted may hold blanks.
func fields(line string) ([]string, error) {
	var list []string
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return list, nil
		}
		if line[0] == '"' {
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, errors.New("a quotation mark without its other")
			}
			word, err := strconv.Unquote(q)
			if err != nil {
				return nil, err
			}
			list, line = append(list, word), line[len(q):]
			if line != "" && line[0] != ' ' && line[0] != '\t' {
				return nil, errors.New("a word begins right behind a quoted one")
			}
			continue
		}
		end := strings.IndexAny(line, " \t")
		if end < 0 {
			end = len(line)
		}
		list, line = append(list, line[:end]), line[end:]
	}
}

// join makes a line of words.
func join(words ...string) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if w == "" || w[0] == '"' || strings.ContainsFunc(w, func(r rune) bool { return r == ' ' || !strconv.IsPrint(r) || r == '\ufffd' }) {
			w = strconv.Quote(w)
		}
		b.WriteString(w)
	}
	return b.String()
}

func (e Package) line() string  { return join("package", e.Path) }
func (e Contract) line() string { return join("contract", e.Func, e.Directive) }

func (e Limit) line() string {
	limit := []string{e.Unit, "<=", strconv.FormatFloat(e.Max, 'f', -1, 64)}
	if e.Site != "" {
		return join(append([]string{"cost", e.Package, e.Benchmark, e.Site}, limit...)...)
	}
	return join(append([]string{"budget", e.Package, e.Benchmark}, limit...)...)
}

func (s Site) line() string {
	words := []string{"site", s.ID, string(s.Kind), string(s.Cause)}
	if s.Cause == "" {
		words[3] = unknown
	}
	if s.In != "" {
		words = append(words, "in", s.In)
	}
	return join(words...)
}

// Write writes a baseline: the sections one after the other, each sorted.
func (b *Baseline) Write(w io.Writer) error {
	b.sort()
	out := &writer{Writer: bufio.NewWriter(w), end: "\n"}
	if b.crlf {
		out.end = "\r\n"
	}
	out.put(head + strconv.Itoa(Version))
	out.put(join("toolchain", b.Target.Toolchain, b.Target.Platform))
	if len(b.Target.Flags) > 0 {
		out.put(join(append([]string{"flags"}, b.Target.Flags...)...))
	}
	for _, e := range b.Packages {
		out.entry("package", e.Entry, e.line())
	}
	for _, e := range b.Contracts {
		out.entry("contract", e.Entry, e.line())
	}
	for _, e := range b.Limits {
		section := "budget"
		if e.Site != "" {
			section = "cost"
		}
		out.entry(section, e.Entry, e.line())
	}
	for _, e := range b.Sites {
		out.entry("site", e.Entry, e.line())
	}
	for _, c := range b.comments {
		out.put(c)
	}
	return out.Flush()
}

type writer struct {
	*bufio.Writer
	end     string
	section string
}

func (w *writer) put(line string) { w.WriteString(line + w.end) }

// entry writes an entry behind what is said of it, and a blank line before the
// first of a section.
func (w *writer) entry(section string, e Entry, line string) {
	if section != w.section {
		w.put("")
		w.section = section
	}
	for _, c := range e.Comments {
		w.put(c)
	}
	w.put(line)
}
