package heapsim

// Constants of runtime/mgclimit.go, in ns, for each processor.
const (
	capacityPerProc = 1e9
	updatePeriod    = 10e6 // gcCPULimiterUpdatePeriod
)

// A limiter keeps the collector from more than half of the processors' time
// (gcCPULimiterState): a bucket that fills with the collector's time and drains with the
// program's, and is never less than empty. While it is full nobody helps to mark, and
// nobody gives memory back to keep the limit. Those who help look at it each time; where
// nobody does it is looked at after a period.
type limiter struct {
	procs    float64
	fill     float64 // ns
	limiting bool

	change, elapsed float64 // ns since it was looked at
}

func (l *limiter) init(c *Config) { l.procs = float64(max(c.Procs, 1)) }

// pass has the collector scan and the program allocate so many bytes.
func (l *limiter) pass(scan, bytes float64, m Mark) {
	l.change += scan*m.Scan - bytes*m.Busy
	l.elapsed += scan*m.Scan + bytes*m.Busy
	if !l.limiting || l.elapsed >= updatePeriod*l.procs {
		l.update()
	}
}

// update is updateLocked with accumulate.
func (l *limiter) update() {
	if l.change != 0 {
		capacity := capacityPerProc * l.procs
		l.fill = min(max(l.fill+l.change, 0), capacity)
		l.limiting = l.fill == capacity
	}
	l.change, l.elapsed = 0, 0
}
