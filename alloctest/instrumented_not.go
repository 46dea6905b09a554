//go:build !race && !msan && !asan

package alloctest

// instrumented names the flag that the program was built with and that changes
// what it allocates, "" where there is none.
const instrumented = ""
