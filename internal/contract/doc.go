// Package contract holds code to the promises that its source makes: that a
// function does not allocate, with all that it calls.
//
//	source                → Scan  → directives
//	machine code + source → Check → verdicts, findings, assumptions of a package
//
// # Who says what
//
// The machine code says what there is: which calls a function makes once the
// compiler has inlined and devirtualised, which of them allocate, and from which
// control does not come back (package objscan). The source says what is meant
// where the code goes through a pointer: which function or type a parameter
// stands for on this very way, and whether memory that grows is the caller's own.
// So each function is looked at once for each different meaning of its
// parameters.
//
// # What is not an allocation
//
//   - What is on the way to a panic, unless a deferred function around it
//     recovers, and what is marked //stackward:cold.
//   - Growth of memory that outlives the call: append to a slice, or an
//     assignment to a map, that is reached through a parameter, the receiver or a
//     package variable, and stored there again; a refill of a sync.Pool; the first
//     call of a sync.Once. Each is an assumption, and is listed.
//   - The runtime's own records, which it keeps and uses again: of a goroutine
//     that waits, of an interface's table (package objscan, "incidental").
//
// A call through a pointer whose meaning is not known is an assumption as well.
//
// # What is said to allocate and may not
//
// No values are known but constants, so these are false alarms; docs/accuracy.md
// counts them.
//
//   - A path for values that do not occur: time.Weekday.String for a day beyond
//     Saturday, which time.Time.AppendFormat can never ask for.
//   - A conversion of bytes to a string that fits into the buffer on the stack that
//     the compiler provides for it, such as that of time.Duration.String.
//   - Growth of what is kept where a counter of its own says that it is full, not
//     its length or capacity.
package contract
