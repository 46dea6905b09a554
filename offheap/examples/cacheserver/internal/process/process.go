// Package process knows what a process uses of the machine.
package process

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// Usage is what a process uses. What the system does not tell is 0.
type Usage struct {
	CPU     time.Duration // of user and system since the start
	RSS     int64         // bytes
	PeakRSS int64
}

// Self is the usage of this process: CPU time of getrusage, memory of
// /proc/self/status, or where there is none the peak of getrusage.
func Self() Usage {
	cpu, peak := rusage()
	u := Usage{CPU: cpu, PeakRSS: peak}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return u
	}
	for line := range bytes.Lines(status) {
		field := bytes.Fields(line)
		if len(field) < 2 {
			continue
		}
		kb, _ := strconv.ParseInt(string(field[1]), 10, 64)
		switch string(field[0]) {
		case "VmRSS:":
			u.RSS = kb << 10
		case "VmHWM:":
			u.PeakRSS = kb << 10
		}
	}
	return u
}
