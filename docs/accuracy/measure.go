package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs/internal/modules"
)

const (
	benchtime = "200x"
	// A package whose benchmarks take longer, on a machine that is busy, keeps
	// what it has and is noted: one that never ends would take all the time.
	timeout = 90 * time.Second
	// What any one command may take: a module with many such packages.
	patience = 5 * time.Minute
	// Sites of a module that explain is tried on, those that cost most.
	explains = 4
)

// A row is what was found out about one target.
type row struct {
	target     modules.Target
	notes      []string // what went wrong
	packages   map[string]bool
	benchmarks int
	exact      int // recorded within 0.005 allocs/op of what was reported
	fully      int // with at least 99 % explained
	// allocs/op, summed over the benchmarks
	recorded, reported, explained, noCause, noLine float64
	bad                                            []bad // less than 99 % explained
	sites                                          int
	// own are the allocs/op at sites of the module itself, listed those at
	// sites that find lists, too.
	own, listed float64
	// tried are the sites that explain was asked about and that escape, ended
	// those whose flow it followed to the end.
	tried, ended int
}

// A bad benchmark, and the site that most of what is not explained stands at.
type bad struct {
	*alloc.Benchmark
	why string
}

func measure(tmp, tool string, t modules.Target) row {
	r := row{target: t, packages: make(map[string]bool)}
	dir, env, err := t.Prepare(tmp)
	if err != nil {
		r.notes = append(r.notes, err.Error())
		return r
	}
	stackward := func(args ...string) *alloc.Report {
		rep, err := command(dir, env, tool, args...)
		if err != nil {
			r.notes = append(r.notes, args[0]+": "+err.Error())
		}
		return rep
	}
	rep := stackward(slices.Concat([]string{"cost", "-bench", ".", "-benchtime", benchtime, "-timeout", timeout.String(), "-format=json"}, t.Packages)...)
	r.weigh(rep)
	found := stackward(slices.Concat([]string{"find", "-tests", "-generated", "-top", "0", "-format=json", "./..."}, t.Packages)...) // what is measured may call all of the module
	for _, s := range r.find(rep, found) {
		if s.Escapes == nil || !*s.Escapes {
			continue // nothing to follow
		}
		if r.tried == explains {
			break
		}
		r.tried++
		ex := stackward("explain", "-tests", "-format=json", s.ID)
		for _, s := range ex.Sites {
			if s.End != "" && !strings.Contains(s.End, "the trail is lost") {
				r.ended++
				break
			}
		}
	}
	return r
}

// command runs stackward and reads its report, as much as there is of it.
func command(dir string, env []string, tool string, args ...string) (*alloc.Report, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir, cmd.Env = dir, env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("took more than %v", patience)
	case err != nil && stderr.Len() > 0:
		err = errors.New(firstLines(stderr.String()))
	}
	rep, rerr := alloc.ReadJSON(&stdout)
	if rep == nil {
		rep = new(alloc.Report)
	}
	return rep, cmp.Or(err, rerr)
}

// firstLines are the lines of stackward's own among what it prints.
func firstLines(s string) string {
	var own []string
	for line := range strings.Lines(s) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "stackward: "); ok && rest != "the report is partial" {
			own = append(own, rest)
		}
	}
	if len(own) == 0 {
		return strings.TrimSpace(s)
	}
	return strings.Join(own, "; ")
}

// weigh adds up the benchmarks.
func (r *row) weigh(rep *alloc.Report) {
	sites := make(map[string]*alloc.Site)
	for _, s := range rep.Sites {
		sites[s.ID] = s
	}
	type benchmark struct{ pkg, name string }
	open := make(map[benchmark][]*alloc.Cost) // what is not explained
	for _, c := range rep.Costs {
		s := sites[c.Site]
		switch {
		case s == nil || s.Cause == "":
			r.noCause += c.AllocsPerOp
		case c.Caller == "":
			r.noLine += c.AllocsPerOp
		default:
			continue
		}
		b := benchmark{c.Package, c.Source}
		open[b] = append(open[b], c)
	}
	for _, b := range rep.Benchmarks {
		r.packages[b.Package] = true
		r.benchmarks++
		if math.Abs(b.RecordedAllocsPerOp-b.AllocsPerOp) <= 0.005 {
			r.exact++
		}
		r.recorded += b.RecordedAllocsPerOp
		r.reported += b.AllocsPerOp
		r.explained += b.AllocsPerOp - b.UnexplainedAllocsPerOp
		if b.Explained >= 0.99 {
			r.fully++
			continue
		}
		why := fmt.Sprintf("%.4g not recorded", b.AllocsPerOp-b.RecordedAllocsPerOp)
		if costs := open[benchmark{b.Package, b.Name}]; len(costs) > 0 {
			c := slices.MaxFunc(costs, func(a, b *alloc.Cost) int { return cmp.Compare(a.AllocsPerOp, b.AllocsPerOp) })
			why = reason(c, sites[c.Site])
		}
		r.bad = append(r.bad, bad{b, why})
	}
	r.sites = len(rep.Sites)
}

// reason says why a cost is not explained.
func reason(c *alloc.Cost, s *alloc.Site) string {
	if s == nil {
		return "at no site"
	}
	what := string(s.Kind)
	if s.Type != "" {
		what += " of " + s.Type
	}
	at := fmt.Sprintf("%s in %s.%s, %s:%d", what, s.Package, s.Func, filepath.Base(s.File), s.Line)
	if s.Cause == "" {
		return "no cause: " + at
	}
	return "no line of the module's own on the stack: " + at
}

// find compares what find lists with what the recorder saw. It returns the
// module's own sites, those that cost most first.
func (r *row) find(rep, found *alloc.Report) []*alloc.Site {
	listed := make(map[string]bool)
	for _, s := range found.Sites {
		listed[s.ID] = true
	}
	weight := make(map[string]float64)
	for _, c := range rep.Costs {
		weight[c.Site] += c.AllocsPerOp
	}
	var own []*alloc.Site
	for _, s := range rep.Sites {
		if filepath.IsAbs(s.File) {
			continue // of the standard library or a dependency
		}
		own = append(own, s)
		r.own += weight[s.ID]
		if listed[s.ID] {
			r.listed += weight[s.ID]
		}
	}
	slices.SortStableFunc(own, func(a, b *alloc.Site) int { return cmp.Compare(weight[b.ID], weight[a.ID]) })
	return own
}
