/*
Package fix holds the rewrites that remove heap allocations.

A fixer is an analyzer (golang.org/x/tools/go/analysis) of its own name, in a
file of that name. It looks at syntax and types, not at what the compiler makes
of them: it proposes where a rewrite has the same behaviour and can remove an
allocation, and says why it leaves other places alone. Whether the place
allocates, and whether the rewrite removes it, "stackward fix" asks the compiler,
the tests and the benchmarks before anything is written. Used alone, by go vet or
any other driver of analyzers, the rewrites are proposals.

	package syntax and types → fixer → Result: candidates with edits, refusals with reasons

What tests cannot see is decided here, conservatively: aliases, nil against
empty, the identity of pointers, what is kept, panics and the order of
evaluation, exported declarations, reflection, linkname, assembly, cgo,
generated files, files that another build would compile. A rewrite that could
change behaviour is a serious bug.

# Analyzer presize

presize: make slices with the length that a loop is going to append

A slice that grows by append in a loop is allocated again and again. Where the
number of rounds is known before the loop, and each appends one element, the
slice can be made with that capacity at once:

	s := []T{}                       =>      s := make([]T, 0, len(data))
	for _, v := range data {                 for _, v := range data {
		s = append(s, f(v))                      s = append(s, f(v))
	}                                        }

It refuses where the slice is used between its declaration and the loop, where
the loop appends conditionally or may end early, and where what is ranged over
changes before the loop.
*/
package fix
