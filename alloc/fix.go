package alloc

import "iter"

// A Fix is a rewrite of source text that removes allocations, and how its proof
// came out.
type Fix struct {
	Site string `json:"site"` // the id of the site that it is about
	// Sites are the ids of all sites that it removes, where it is more than one.
	Sites []string `json:"sites,omitempty"`
	Pos
	Fixer   string    `json:"fixer"`
	Message string    `json:"message,omitempty"` // what it does
	Status  FixStatus `json:"status"`
	// Reason says why it was refused, or what its proof lacks.
	Reason string `json:"reason,omitempty"`
	// Round counts from 1: what an earlier round fixed may make a later one
	// possible.
	Round int `json:"round,omitempty"`
	// Diff is the change as a unified diff, with names relative to the root.
	Diff  string `json:"diff,omitempty"`
	Proof *Proof `json:"proof,omitempty"`
}

// A FixStatus says how far a fix was proved.
type FixStatus string

// The statuses of a fix.
const (
	// Proved: the compiler, the tests that reach it, and what was measured say
	// that it does what it promises.
	Proved FixStatus = "proved"
	// Unexercised: it compiles and the site is gone, but no test that
	// passes, and no benchmark, runs all of the changed lines.
	Unexercised FixStatus = "unexercised"
	// Unmeasured: it makes a site allocate less, which the compiler cannot see,
	// and no measurement did.
	Unmeasured FixStatus = "unmeasured"
	// Refused: by the fixer, or since a step of the proof failed.
	Refused FixStatus = "refused"
)

// A Proof has one line for each of its steps, in their order: what was found.
// A step that was not taken is absent.
type Proof struct {
	Compiler   string `json:"compiler,omitempty"`
	Vet        string `json:"vet,omitempty"`
	Tests      string `json:"tests,omitempty"`
	Race       string `json:"race,omitempty"`
	Benchmarks string `json:"benchmarks,omitempty"`
	Time       string `json:"time,omitempty"`
}

// Steps yields the names of the steps that were taken, as in the JSON form, and
// what each found.
func (p *Proof) Steps() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, step := range []struct{ name, found string }{
			{"compiler", p.Compiler}, {"vet", p.Vet}, {"tests", p.Tests}, {"race", p.Race},
			{"benchmarks", p.Benchmarks}, {"time", p.Time},
		} {
			if step.found != "" && !yield(step.name, step.found) {
				return
			}
		}
	}
}

// An Effect is what a benchmark says of fixes: the medians of its runs before
// and after, taken in turns, and how far apart the runs of one side lie.
type Effect struct {
	Benchmark string  `json:"benchmark"`
	Package   string  `json:"package"`
	Unit      string  `json:"unit"` // "allocs/op", "B/op", "ns/op"
	Before    float64 `json:"before"`
	After     float64 `json:"after"`
	// Spread is half the width of the 95 % confidence interval of either side, the
	// larger one, as a part of the median, absent where there were too few runs
	// for one; P is the probability that the two sides differ by chance.
	Spread *float64 `json:"spread,omitempty"`
	P      float64  `json:"p"`
}
