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

// MachineCPU is the CPU time of all processes since the machine started, in
// steps of 10 ms, of /proc/stat; 0 where there is none.
func MachineCPU() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	return machineCPU(stat)
}

// machineCPU adds up user, nice, system, irq and softirq; the guests' time is part
// of user and nice. See proc_stat(5).
func machineCPU(stat []byte) (cpu time.Duration) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := bytes.Fields(line)
	if len(fields) < 8 || string(fields[0]) != "cpu" {
		return 0
	}
	for _, i := range []int{1, 2, 3, 6, 7} {
		n, _ := strconv.ParseInt(string(fields[i]), 10, 64)
		cpu += time.Duration(n) * (time.Second / 100)
	}
	return cpu
}
