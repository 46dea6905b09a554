package engine

import (
	"path/filepath"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// relative makes the report's files relative to the module's root; those
// outside of it stay absolute.
func (p *pipeline) relative(r *alloc.Report) {
	r.Root = p.root()
	for _, s := range r.Sites {
		s.File = p.shorten(s.File)
		for i := range s.Inlined {
			s.Inlined[i].File = p.shorten(s.Inlined[i].File)
		}
		p.shortenSteps(s.Flow)
		// The cut may be one of the steps, or a copy.
		if s.Cut != nil && !within(s.Flow, s.Cut) {
			s.Cut.File = p.shorten(s.Cut.File)
		}
	}
	for _, c := range r.Costs {
		for i := range c.Via {
			c.Via[i].File = p.shorten(c.Via[i].File)
		}
		if file, line, ok := cutCaller(c.Caller); ok {
			c.Caller = p.shorten(file) + ":" + strconv.Itoa(line)
		}
	}
	for _, s := range r.FuncStacks {
		s.File = p.shorten(s.File)
		for i := range s.Vars {
			s.Vars[i].File = p.shorten(s.Vars[i].File)
		}
		p.shortenChain(&s.StackChain)
		if s.Aside != nil {
			p.shortenChain(&s.Aside.StackChain)
			s.Aside.Leave.File = p.shorten(s.Aside.Leave.File)
		}
	}
	for _, f := range r.Findings {
		f.File = p.shorten(f.File)
		p.shortenSteps(f.Chain)
		p.shortenSteps(f.Flow)
		if f.Cut != nil && !within(f.Flow, f.Cut) {
			f.Cut.File = p.shorten(f.Cut.File)
		}
	}
	for _, c := range r.Contracts {
		c.File = p.shorten(c.File)
		for _, a := range c.Assumptions {
			a.File = p.shorten(a.File)
			p.shortenSteps(a.Chain)
		}
	}
	for _, pr := range r.Problems {
		pr.File = p.shorten(pr.File)
	}
}

// shortenChain is relative of a chain down a stack.
func (p *pipeline) shortenChain(c *alloc.StackChain) {
	for i := range c.Chain {
		c.Chain[i].File = p.shorten(c.Chain[i].File)
	}
	if l := c.Largest; l != nil {
		l.File = p.shorten(l.File) // a second time of one in the chain, which changes nothing
	}
}

func (p *pipeline) shortenSteps(steps []alloc.Step) {
	for i := range steps {
		steps[i].File = p.shorten(steps[i].File)
	}
}

func within(steps []alloc.Step, s *alloc.Step) bool {
	for i := range steps {
		if s == &steps[i] {
			return true
		}
	}
	return false
}

// root is the directory that files are told relative to, see [gocmd.Env.Root].
func (p *pipeline) root() string { return filepath.ToSlash(p.env.Root(p.cfg.Dir)) }

func (p *pipeline) shorten(file string) string {
	if rel, ok := strings.CutPrefix(file, p.root()+"/"); ok {
		return rel
	}
	return file
}

// lengthen makes a report's file absolute.
func (p *pipeline) lengthen(file string) string {
	if filepath.IsAbs(filepath.FromSlash(file)) {
		return file
	}
	return p.root() + "/" + file
}

func cutCaller(s string) (file string, line int, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", 0, false
	}
	line, err := strconv.Atoi(s[i+1:])
	return s[:i], line, err == nil
}

// parsePos reads FILE:LINE:COL or FILE:LINE as the go command prints it.
func parsePos(s string) alloc.Pos {
	file, last, ok := cutCaller(s)
	if !ok {
		return alloc.Pos{File: s}
	}
	if f, line, ok := cutCaller(file); ok {
		return alloc.Pos{File: f, Line: line, Col: last}
	}
	return alloc.Pos{File: file, Line: last}
}
