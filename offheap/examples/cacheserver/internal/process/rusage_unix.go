//go:build unix

package process

import (
	"runtime"
	"syscall"
	"time"
)

func rusage() (cpu time.Duration, peak int64) {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0, 0
	}
	peak = int64(r.Maxrss)
	if runtime.GOOS != "darwin" && runtime.GOOS != "ios" {
		peak <<= 10 // kilobytes elsewhere
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), peak
}
