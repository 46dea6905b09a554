package alloctest

import "testing"

// Zero fails the test if f allocates: if there are no 100 runs in a row in which
// it makes no object on the heap. See the package's doc for what is counted.
//
// What f computes should be kept, say in a package variable: the compiler may
// remove what has no effect.
func Zero(t testing.TB, f func()) {
	t.Helper()
	AtMost(t, 0, f)
}

// AtMost fails the test if f allocates more than n times in a run, as the
// average of the runs of the best round. n may be a fraction: with 0.1 a buffer
// may grow once in ten runs.
func AtMost(t testing.TB, n float64, f func()) {
	t.Helper()
	if instrumented != "" {
		f()
		t.Logf("alloctest: not measured: a program built with %s allocates otherwise", instrumented)
		return
	}
	if m := measure(n, f); m.perRun() > n {
		t.Error(m.report(n))
	}
}

// Allocs returns how often f allocates in a run, as the average of the runs of
// the best round.
func Allocs(f func()) float64 {
	m := measure(0, f)
	return m.perRun()
}
