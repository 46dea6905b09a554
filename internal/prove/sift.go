package prove

import (
	"context"
	"slices"
)

// A failure is what is wrong with candidates that are applied together.
type failure struct {
	why   string
	pkg   string     // where it shows, "" not known
	fault *candidate // whose it is, nil not known
}

// A check says what is wrong with candidates together, in packages.
type check func(ctx context.Context, list []*candidate, in within) ([]failure, error)

// within are packages to look at, nil all.
type within []string

// of are the packages of a list that are to be looked at.
func (in within) of(paths []string) []string {
	if in == nil {
		return paths
	}
	return keep(paths, func(p string) bool { return slices.Contains(in, p) })
}

// sift keeps the candidates with which nothing is wrong, and notes what is with the
// others. All are checked together; only where something is wrong, and it is not
// said whose fault it is, are those looked at that may have done it, and only there.
// Who is dropped changes nothing but what imports it: that is looked at again.
func (r *round) sift(ctx context.Context, list []*candidate, wrong check) ([]*candidate, error) {
	var in within
	for len(list) > 0 {
		failures, err := wrong(ctx, list, in)
		if err != nil || len(failures) == 0 {
			return list, err
		}
		bad := make(map[*candidate]string)
		if open := blame(failures, bad); len(open) > 0 {
			if err := r.search(ctx, list, wrong, open, bad); err != nil {
				return nil, err
			}
		}
		if len(bad) == 0 {
			r.problem(failures[0].pkg, failures[0].why+" (once, and not again: it is not blamed on a fix)")
			return list, nil
		}
		var dropped []*candidate
		for _, c := range list {
			if why := bad[c]; why != "" {
				r.give(c, why)
				dropped = append(dropped, c)
			}
		}
		list = keep(list, func(c *candidate) bool { return bad[c] == "" })
		if in = r.graph.above(packagesOf(dropped)); slices.ContainsFunc(failures, func(f failure) bool { return f.pkg == "" }) {
			in = nil // it shows who knows where
		}
	}
	return nil, nil
}

// search finds candidates that are at fault for failures, beside those that are known
// to be: of a package in which there are any, and where they show in none alone, of
// all. With each that is found goes what it did elsewhere.
func (r *round) search(ctx context.Context, list []*candidate, wrong check, failures []failure, bad map[*candidate]string) (err error) {
	left := func() []*candidate { return keep(list, func(c *candidate) bool { return bad[c] == "" }) }
	still := func(pkgs []string) ([]string, error) {
		if len(pkgs) == 0 {
			return nil, nil
		}
		failures, err := wrong(ctx, left(), pkgs)
		return packagesIn(blame(failures, bad)), err
	}
	pkgs := packagesIn(failures)
	if len(bad) > 0 {
		if pkgs, err = still(pkgs); err != nil {
			return err
		}
	}
	for len(pkgs) > 0 {
		pkg, known := pkgs[0], len(bad)
		if err := r.culprits(ctx, r.suspects(left(), pkg), wrong, bad, within{pkg}); err != nil {
			return err
		}
		if pkgs = pkgs[1:]; len(bad) > known {
			if pkgs, err = still(pkgs); err != nil {
				return err
			}
		}
	}
	if len(bad) == 0 {
		return r.culprits(ctx, list, wrong, bad, nil)
	}
	return nil
}

// blame notes the failures of which it is said whose they are, and returns the others.
func blame(failures []failure, bad map[*candidate]string) []failure {
	for _, f := range failures {
		if f.fault != nil && bad[f.fault] == "" {
			bad[f.fault] = f.why
		}
	}
	return keep(failures, func(f failure) bool { return f.fault == nil })
}

// packagesIn are the packages in which failures show, sorted.
func packagesIn(failures []failure) []string {
	return distinct(failures, func(f failure) string { return f.pkg })
}

// culprits finds candidates with which something is wrong in packages, and without
// which nothing is.
func (r *round) culprits(ctx context.Context, list []*candidate, wrong check, bad map[*candidate]string, in within) error {
	first := func(n int) (string, error) {
		failures, err := wrong(ctx, list[:n], in)
		if err != nil || len(failures) == 0 {
			return "", err
		}
		return failures[0].why, nil
	}
	for {
		n, why, err := fewest(len(list), first)
		if err != nil || n == 0 {
			return err
		}
		bad[list[n-1]] = why
		list = slices.Delete(slices.Clone(list), n-1, n)
		if len(list) == 0 {
			return nil
		}
		if why, err := first(len(list)); err != nil || why == "" {
			return err
		}
	}
}

// fewest is how many of so many it takes, from the first on, for something to be
// wrong, and what it is then; 0 where nothing is. It looks at 1, 2, 4 and so on, and
// halves from there: the likely ones come first.
func fewest(all int, wrong func(n int) (string, error)) (int, string, error) {
	good, n := 0, min(1, all)
	for good < n {
		why, err := wrong(n)
		if err != nil {
			return 0, "", err
		}
		if why == "" {
			good, n = n, min(2*n, all)
			continue
		}
		for good+1 < n {
			half := (good + n) / 2
			less, err := wrong(half)
			if err != nil {
				return 0, "", err
			}
			if less == "" {
				good = half
			} else {
				n, why = half, less
			}
		}
		return n, why, nil
	}
	return 0, "", nil
}

// suspects are the candidates that may be at fault for what shows in a package: its
// own, then those of what it imports.
func (r *round) suspects(list []*candidate, pkg string) []*candidate {
	list = keep(list, func(c *candidate) bool { return slices.Contains(r.graph.above([]string{c.pkg}), pkg) })
	own := keep(list, func(c *candidate) bool { return c.pkg == pkg })
	return append(own, keep(list, func(c *candidate) bool { return c.pkg != pkg })...)
}

// keep is a list with those that pass.
func keep[T any](list []T, pass func(T) bool) []T {
	var out []T
	for _, x := range list {
		if pass(x) {
			out = append(out, x)
		}
	}
	return out
}
