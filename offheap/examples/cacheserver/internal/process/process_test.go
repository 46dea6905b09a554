package process

import (
	"runtime"
	"testing"
	"time"
)

func TestMachineCPU(t *testing.T) {
	const stat = "cpu  100 20 3 99999 88 7 5 9 1 1\ncpu0 1 2 3 4 5 6 7 8 9 10\n"
	if got, want := machineCPU([]byte(stat)), 1350*time.Millisecond; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	for _, bad := range []string{"", "cpu 1 2\n", "intr 1 2 3 4 5 6 7 8 9\n"} {
		if got := machineCPU([]byte(bad)); got != 0 {
			t.Errorf("%q gives %v", bad, got)
		}
	}
}

func TestSelf(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems tell less")
	}
	for start := Self().CPU; Self().CPU == start; {
	}
	u := Self()
	if u.RSS < 1<<20 || u.PeakRSS < u.RSS/2 || MachineCPU() < u.CPU {
		t.Errorf("%+v of %v", u, MachineCPU())
	}
}
