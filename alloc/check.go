package alloc

// A Rule names what a [Finding] breaks. Word ids, as everywhere.
type Rule string

// The rules.
const (
	RuleNoalloc  Rule = "noalloc"  // a function under //stackward:noalloc allocates
	RuleAllocs   Rule = "allocs"   // one under //stackward:allocs<=N allocates more often
	RuleStack    Rule = "stack"    // what is under //stackward:stack is on the heap
	RuleIgnore   Rule = "ignore"   // an //stackward:ignore that nothing needs
	RuleContract Rule = "contract" // a directive that says nothing: misspelled, or not at a function
	RuleNewSite  Rule = "new-site" // a site that the baseline, or the other revision, does not have
	RuleCost     Rule = "cost"     // a site that costs more than in the baseline
	RuleBudget   Rule = "budget"   // a benchmark over its budget
	RuleMissing  Rule = "missing"  // a package, contract or benchmark of the baseline that is gone
)

// Rules are all rules, in this order.
var Rules = []Rule{
	RuleNoalloc, RuleAllocs, RuleStack, RuleIgnore, RuleContract, RuleNewSite,
	RuleCost, RuleBudget, RuleMissing,
}

// A Finding is one thing that must not be: a broken contract, a site that the
// baseline does not allow, a budget that is exceeded.
type Finding struct {
	Rule Rule `json:"rule"`
	// Site is the id of the site that allocates, where there is one.
	Site string `json:"site,omitempty"`
	Pos
	Func    string `json:"func,omitempty"` // full name of the function that the promise is about
	Message string `json:"message"`        // one line, without the position
	Kind    Kind   `json:"kind,omitempty"`
	Cause   Cause  `json:"cause,omitempty"`
	// Chain are the calls from the function under contract, its first step, to
	// the place that allocates, its last.
	Chain []Step `json:"chain,omitempty"`
	// Flow is the path by which the value escapes, and Cut the one step to change.
	Flow []Step `json:"flow,omitempty"`
	Cut  *Step  `json:"cut,omitempty"`
	// Was and Is are the figures of a benchmark or a cost: what is allowed, and
	// what was measured, in Unit ("allocs/op", "B/op").
	Was  float64 `json:"was,omitempty"`
	Is   float64 `json:"is,omitempty"`
	Unit string  `json:"unit,omitempty"`
}

// A Contract is a promise in the source, and whether the code keeps it.
type Contract struct {
	Func string `json:"func"` // full name
	Pos
	Directive string          `json:"directive"` // as written, without "//stackward:"
	Verdict   ContractVerdict `json:"verdict"`
	// Assumptions are the calls that could not be followed, and the growth that
	// is assumed to be amortised: the verdict holds if they do.
	Assumptions []*Assumption `json:"assumptions,omitempty"`
}

// A ContractVerdict says whether a contract is kept.
type ContractVerdict string

// The verdicts.
const (
	Kept    ContractVerdict = "kept"
	Assumed ContractVerdict = "assumed" // kept if its assumptions hold
	Broken  ContractVerdict = "broken"
)

// An Assumption is what a contract's verdict rests on.
type Assumption struct {
	Pos
	Func string `json:"func,omitempty"` // that it stands in, full name
	Text string `json:"text"`           // what is assumed
	// Chain are the calls from the function under contract to the place.
	Chain []Step `json:"chain,omitempty"`
	// Candidates are functions that a dynamic call may mean, full names.
	Candidates []string `json:"candidates,omitempty"`
}
