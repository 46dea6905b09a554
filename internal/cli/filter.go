package cli

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/engine"
)

// filterFlags choose sites, in the same words in every command.
type filterFlags struct {
	causes, kinds, fn string
}

func (f *filterFlags) define(fs *flag.FlagSet) {
	fs.StringVar(&f.causes, "cause", "", "only these causes")
	fs.StringVar(&f.kinds, "kind", "", "only these kinds")
	fs.StringVar(&f.fn, "func", "", "only functions that match `regexp`")
}

func (f *filterFlags) filter() (engine.Filter, error) {
	var out engine.Filter
	var err error
	if out.Causes, err = words("cause", f.causes, alloc.Causes); err != nil {
		return out, err
	}
	if out.Kinds, err = words("kind", f.kinds, alloc.Kinds); err != nil {
		return out, err
	}
	if f.fn != "" {
		if out.Func, err = engine.ParseFuncs(f.fn); err != nil {
			return out, usageError(fmt.Sprintf("-func: %v", err), "the syntax is that of package regexp")
		}
	}
	return out, nil
}

// words splits a list of causes or kinds and refuses what is none.
func words[T ~string](flagName, list string, known []T) ([]T, error) {
	var out []T
	for w := range strings.SplitSeq(list, ",") {
		if w = strings.TrimSpace(w); w == "" {
			continue
		}
		if !slices.Contains(known, T(w)) {
			var names []string
			for _, k := range known {
				names = append(names, string(k))
			}
			return nil, usageError(fmt.Sprintf("-%s: unknown %s %q", flagName, flagName, w), "known are "+strings.Join(names, ", "))
		}
		out = append(out, T(w))
	}
	return out, nil
}
