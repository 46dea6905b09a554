package engine

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/objscan"
	"github.com/stackward-go/stackward/internal/recording"
)

// staticFrames are how many of the large frames of a chain are told.
const staticFrames = 3

// fillFrames adds to the goroutines whose stacks grew what makes them: the longest
// chain down from the function that they began with, and what is in its large frames.
// It is that of the source as it is now, built where the recorded program was.
func fillFrames(ctx context.Context, r *alloc.Report, rec *recording.File, b Build) error {
	if rec == nil || rec.Header.Dir == "" {
		return errNoSource
	}
	b.Dir = rec.Header.Dir
	tests := len(rec.Header.Command) > 1 && rec.Header.Command[1] == "test"
	grown := make(map[string][]*alloc.GoroutineStacks) // by the name that the machine code has
	for _, g := range r.Goroutines {
		if g.Grown == 0 || g.Func == "" {
			continue
		}
		name := g.Func
		if rest, ok := strings.CutPrefix(name, "main."); ok {
			name = rec.Header.Package + "." + rest
		}
		if name == "runtime.main" && !tests {
			name = rec.Header.Package + ".main" // which it calls through a pointer
		}
		grown[name] = append(grown[name], g)
	}
	if len(grown) == 0 {
		return nil
	}
	s, err := stacksBelow(ctx, b, tests, slices.Collect(maps.Keys(grown)))
	if err != nil {
		return err
	}
	rows := s.named(slices.Collect(maps.Keys(grown)))
	if len(rows) == 0 && len(s.p.problems) > 0 {
		return errors.New(s.p.problems[0].Message)
	}
	large := make(map[string]bool)
	for name, list := range grown {
		row := rows[name]
		if row == nil {
			continue
		}
		chain, why := &row.StackChain, alloc.StackAside("")
		bounded := len(row.Recursive)+len(row.RecursiveOff) == 0 // or the ordinary way may be what was so deep
		for _, g := range list {
			if aside := row.Aside; aside != nil && bounded && row.Size < g.Largest && aside.Size > row.Size {
				chain, why = &aside.StackChain, aside.Why
			}
		}
		static := &alloc.StaticStack{Aside: why, Bytes: chain.Bytes, Size: chain.Size, Dynamic: chain.Dynamic, DynamicOff: chain.DynamicOff, Recursive: chain.Recursive, RecursiveOff: chain.RecursiveOff}
		for _, x := range chain.Chain {
			static.Frames = append(static.Frames, alloc.StaticFrame{Func: x.Func, Frame: x.Frame})
		}
		slices.SortStableFunc(static.Frames, func(a, b alloc.StaticFrame) int { return cmp.Compare(b.Frame, a.Frame) })
		static.Frames = slices.DeleteFunc(static.Frames, func(f alloc.StaticFrame) bool { return f.Frame < LargeFrame })
		static.Frames = static.Frames[:min(staticFrames, len(static.Frames))]
		for _, f := range static.Frames {
			large[f.Func] = true
		}
		for _, g := range list {
			g.Static = static
		}
	}
	if len(large) == 0 {
		return nil
	}
	rows = s.named(slices.Collect(maps.Keys(large)))
	vars := &alloc.Report{FuncStacks: slices.Collect(maps.Values(rows))}
	if err := s.variables(ctx, vars.FuncStacks); err != nil {
		return err
	}
	s.p.relative(vars)
	for _, g := range r.Goroutines {
		if g.Static == nil {
			continue
		}
		for i := range g.Static.Frames {
			if row := rows[g.Static.Frames[i].Func]; row != nil {
				g.Static.Frames[i].Vars = row.Vars
			}
		}
	}
	return nil
}

var errNoSource = errors.New("where the program's source is, the recording does not tell")

// noFrames is why there are none.
func noFrames(err error) *alloc.Problem {
	p := &alloc.Problem{Message: "no frames: " + err.Error(), Hint: "stackward find -stack, in the program's module, has them"}
	if !errors.Is(err, errNoSource) {
		p.Message = "no frames: the program's source cannot be built now: " + err.Error()
	}
	return p
}

// stacksBelow reads the machine code of the packages of functions, and of all that they
// import.
func stacksBelow(ctx context.Context, b Build, tests bool, names []string) (*stacks, error) {
	var packages []string
	for _, name := range names {
		packages = append(packages, strings.TrimSuffix(packageOf(name), "_test"))
	}
	slices.Sort(packages)
	return openStacks(ctx, StackRequest{
		Build: b, Patterns: slices.Compact(packages), Tests: tests, Generated: true, Plain: true, Chain: true, Vars: -1,
	})
}

// named are the rows of functions of any package, by name: of several of one name that
// with the largest stack.
func (s *stacks) named(names []string) map[string]*alloc.Stack {
	var funcs []objscan.StackFunc
	for _, f := range s.all {
		if slices.Contains(names, f.Name) {
			funcs = append(funcs, f)
		}
	}
	rows := make(map[string]*alloc.Stack)
	for _, r := range s.rows(funcs) {
		if old := rows[r.Func]; old == nil || r.Bytes > old.Bytes {
			rows[r.Func] = r
		}
	}
	return rows
}

// packageOf is the import path in a function's name, whose last element has no dot.
func packageOf(name string) string {
	end := len(name)
	if i := strings.IndexAny(name, "[("); i >= 0 {
		end = i
	}
	slash := strings.LastIndexByte(name[:end], '/') + 1
	path, _, _ := strings.Cut(name[slash:], ".")
	return name[:slash] + path
}
