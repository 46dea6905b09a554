package alloc

import "cmp"

// A Stack is what a function costs on a goroutine's stack, as far as the machine
// code tells without running it. All sizes are bytes.
type Stack struct {
	Func    string `json:"func"` // full name
	Package string `json:"package"`
	// Instance is what an instance of a generic function is of, as the compiler names
	// it: types of one shape, as "go.shape.int,go.shape.string", share one.
	Instance string `json:"instance,omitempty"`
	Pos             // of the declaration or literal
	// CompilerMade reports a function that is not in the source: one that hands on a
	// method, that compares two values of a type, that sets a package's variables. The
	// place is that of the method or type, none of the last.
	CompilerMade bool `json:"compiler_made,omitempty"`
	// Entry says how goroutines, or others, come to it, "" by calls alone.
	Entry StackEntry `json:"entry,omitempty"`
	Test  bool       `json:"test,omitempty"` // in a test file

	// Frame is what the function's own frame takes, without the return address.
	Frame int64 `json:"frame"`
	// Vars are what the frame holds, the largest first, where that was asked for:
	// variables and values of [SmallestVar] bytes and more. Args is the part at the
	// frame's end for arguments and results of calls, Other the rest: the Smaller
	// variables and values, and registers that are saved. With the bytes of all that are not Shared they make
	// up the frame.
	Vars    []StackVar `json:"vars,omitempty"`
	Args    int64      `json:"args,omitempty"`
	Other   int64      `json:"other,omitempty"`
	Smaller int        `json:"smaller,omitempty"`
	// Check reports whether it asks for more stack where it is short: one that
	// does not, a nosplit or a small leaf, goes on in what the guard leaves.
	Check bool `json:"check"`

	// The chain is the longest without calls that lead aside. Aside is the longest of
	// all, where that is longer.
	StackChain
	Aside *AsideChain `json:"aside,omitempty"`
}

// A StackChain is the longest chain of frames down from a function, over direct calls.
type StackChain struct {
	// Bytes is the chain, the function's own frame with it, and Largest the largest
	// frame on it, where that is another function's.
	Bytes   int64      `json:"bytes"`
	Largest *StackStep `json:"largest,omitempty"`
	// Size is the stack that a goroutine has that began new and went down it,
	// Copies how many times it was copied, and Copied the bytes of all copies.
	Size   int64 `json:"stack"`
	Copies int   `json:"copies"`
	Copied int64 `json:"copied,omitempty"`
	// Dynamic counts the calls through pointers, of interfaces' methods and of
	// function values, on the chain: they are not followed.
	Dynamic int `json:"dynamic,omitempty"`
	// DynamicOff reports that there are none on the chain, but on others that the
	// function leads to.
	DynamicOff bool `json:"dynamic_off,omitempty"`
	// Recursive are the functions of the chain that may be entered again from
	// themselves: it goes round once, and has no bound.
	Recursive []string `json:"recursive,omitempty"`
	// RecursiveOff are functions off the chain that the first one leads to and that
	// recur: one of each circle, those of the packages asked for first. Those of the
	// standard library are left out where it was not asked for.
	RecursiveOff []string `json:"recursive_off,omitempty"`
	// Chain is the chain, this function first, where it was asked for.
	Chain []StackStep `json:"chain,omitempty"`
}

// An AsideChain is a chain with calls that are not on the ordinary way.
type AsideChain struct {
	StackChain
	// Leave is the first of these calls, and Why it is one.
	Leave StackStep  `json:"leave"`
	Why   StackAside `json:"why"`
}

// A StackAside says why a call is not on the ordinary way down.
type StackAside string

// The reasons.
const (
	AsidePanic  StackAside = "panic"  // the code reaches no return from there
	AsideError  StackAside = "error"  // it runs where an error has come back, or makes or examines one
	AsideFormat StackAside = "format" // it formats text: fmt, log, log/slog
)

// SmallestVar are the bytes of the smallest variable that is told apart in a frame.
const SmallestVar = 64

// A StackVar is a variable, or a value without a name, that has a place in a frame.
type StackVar struct {
	// Name is that of a variable. What has none is a value that the compiler keeps
	// for a while: Expr is the expression that makes it, "" where none on its line
	// has the size, and Kind what it would be on the heap, "" of a copy.
	Name string `json:"name,omitempty"`
	Expr string `json:"expr,omitempty"`
	Kind Kind   `json:"kind,omitempty"`
	// Type is "" where the source does not tell it. Bytes are those of the type, else
	// those up to the next place that the code names.
	Type  string `json:"type,omitempty"`
	Bytes int64  `json:"bytes"`
	Pos          // of the declaration or expression; of what was inlined, its own
	// Shared reports that a larger one in the list, which is not in use at the same
	// time, has the place.
	Shared bool `json:"shared,omitempty"`
}

// A StackEntry says how a function comes to be the first on a stack, or is called
// from elsewhere.
type StackEntry string

// The entries.
const (
	EntryMain     StackEntry = "main"     // main.main
	EntryGo       StackEntry = "go"       // a go statement starts it
	EntryTest     StackEntry = "test"     // a test, benchmark, fuzz target or example
	EntryExported StackEntry = "exported" // other packages may call it
)

// A StackStep is one function of a chain down a stack.
type StackStep struct {
	Func  string `json:"func"`
	Frame int64  `json:"frame"`
	// Used are the bytes in use when it is entered, the return address with them.
	Used int64 `json:"used"`
	// Line is the place in the function above that calls it, File that of the
	// function above. They are absent of the first.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Deferred reports that the function above runs it as it returns.
	Deferred  bool `json:"deferred,omitempty"`
	Recursive bool `json:"recursive,omitempty"`
}

// A StackRules is how the installed runtime sizes stacks on the target, in bytes.
type StackRules struct {
	Min   int64 `json:"min"`   // of a new goroutine's stack
	Guard int64 `json:"guard"` // what must be left below a function that asks
	Start int64 `json:"start"` // in use when a goroutine's first function is entered
}

// ByFrame orders stacks by the size of the function's own frame, the largest
// first.
func ByFrame(a, b *Stack) int {
	return cmp.Or(cmp.Compare(b.Frame, a.Frame), cmp.Compare(b.Size, a.Size), cmp.Compare(a.Func, b.Func))
}
