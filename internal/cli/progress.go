package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A progress shows on a terminal what is being done; elsewhere nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer // nil: no terminal
	width int
	start time.Time
	last  time.Time
	shown bool
}

func newProgress(e *env) *progress {
	p := &progress{start: time.Now()}
	if width, ok := terminal(e.stderr); ok {
		p.w, p.width = e.stderr, width
	}
	return p
}

// report shows a step on one line: its name, a bar and count where the total
// is known, and the time since the start.
func (p *progress) report(step string, done, total int, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.w == nil || time.Since(p.last) < 100*time.Millisecond || time.Since(p.start) < 200*time.Millisecond {
		return
	}
	p.last = time.Now()
	line := step
	switch {
	case total > 0 && done > 0:
		const cells = 20
		full := min(cells, done*cells/total)
		line += fmt.Sprintf(" [%s%s] %d/%d", strings.Repeat("#", full), strings.Repeat(".", cells-full), done, total)
	case total > 0:
		line += fmt.Sprintf(" %d packages", total)
	}
	line += fmt.Sprintf(" %.0fs", time.Since(p.start).Seconds())
	if what != "" && !strings.Contains(step, what) {
		line += " " + what
	}
	if r := []rune(line); len(r) >= p.width && p.width > 1 {
		line = string(r[:p.width-1])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.shown = true
}

// clear removes the line before results are printed.
func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}
