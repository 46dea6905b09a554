package memprof

import (
	"bytes"
	"runtime/pprof"
	"testing"
)

func TestStats(t *testing.T) {
	t.Parallel()
	m, err := Stats("heap profile: …\n# runtime.MemStats\n# Alloc = 7\n# Stack = 1 / 2\n# NumGC = 3\n# PauseNs = [1 2]\n# GCCPUFraction = 0.5\n# DebugGC = false\n")
	if err != nil {
		t.Fatal(err)
	}
	if m.Alloc != 7 || m.NumGC != 3 || m.GCCPUFraction != 0.5 || m.StackInuse != 1 || m.StackSys != 2 {
		t.Errorf("%+v", m)
	}
	if m, err := Stats("# runtime.MemStats\n# GCCPUFraction = 1.5e-05\n"); err != nil || m.GCCPUFraction != 1.5e-05 {
		t.Errorf("%+v, %v", m, err)
	}
	for _, text := range []string{"", "# Alloc = 7\n", "# runtime.MemStats\n# Alloc = 1.2.3\n"} {
		if _, err := Stats(text); err == nil {
			t.Errorf("%q is read", text)
		}
	}
}

// TestStatsOfThis reads what the installed runtime writes.
func TestStatsOfThis(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := pprof.Lookup("heap").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	m, err := Stats(b.String())
	if err != nil {
		t.Fatal(err)
	}
	if m.HeapAlloc == 0 || m.TotalAlloc == 0 || m.Mallocs == 0 || m.HeapInuse == 0 || m.NextGC == 0 || m.StackInuse == 0 || m.MSpanSys == 0 || m.Sys == 0 {
		t.Errorf("%+v", m)
	}
}
