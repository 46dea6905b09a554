package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// A progress shows on one line of a terminal what is being done; elsewhere
// nothing. The line is drawn anew as time goes by, so that a compiler that says
// nothing for a minute does not look dead.
type progress struct {
	w     io.Writer            // nil: no terminal
	width func() (cols int)    // of the terminal, which may change
	since func() time.Duration // since the command began

	mu          sync.Mutex
	step, what  string
	done, total int
	began       time.Duration // when the step did, since the command
	shown       int           // columns of the line that is on the terminal
	yielded     bool          // somebody else writes to the terminal until the next step
	stop        chan struct{}
	stopped     sync.WaitGroup
}

const (
	// wait is how long a command must take before it shows its progress.
	wait = 200 * time.Millisecond
	// enough is how long a step must have taken for an estimate of the rest.
	enough = 5 * time.Second
	// redraw is how often it does.
	redraw = 100 * time.Millisecond
)

func newProgress(e *env) *progress {
	p := new(progress)
	if _, ok := terminal(e.stderr); !ok {
		return p
	}
	start := time.Now()
	p.w = e.stderr
	p.since = func() time.Duration { return time.Since(start) }
	p.width = func() int { w, _ := terminal(e.stderr); return w }
	stop := make(chan struct{})
	p.stop = stop
	p.stopped.Go(func() {
		tick := time.NewTicker(redraw)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				p.draw()
			}
		}
	})
	return p
}

// report says what is being done: a step, how much of it, and on what. total is
// 0 where it is not known.
func (p *progress) report(step string, done, total int, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if step != p.step {
		p.yielded = false
		p.began = 0
		if p.since != nil {
			p.began = p.since()
		}
	}
	p.step, p.done, p.total, p.what = step, done, total, what
}

// draw shows the last report.
func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	elapsed := p.since()
	if p.step == "" || p.yielded || elapsed < wait {
		return
	}
	line := []rune(p.line(elapsed))
	if w := p.width(); w > 0 && len(line) >= w {
		line = line[:w-1] // a full line would begin another
	}
	// What the line before had more is erased.
	fmt.Fprintf(p.w, "\r%s\x1b[K", string(line))
	p.shown = len(line)
}

// line is the step's name, a bar and count where the total is known, the time
// since the start, an estimate of what is left of the step, and what it is at.
func (p *progress) line(elapsed time.Duration) string {
	var b strings.Builder
	b.WriteString(p.step)
	if p.total > 0 {
		const cells = 20
		full := min(cells, p.done*cells/p.total)
		fmt.Fprintf(&b, " [%s%s] %d/%d", strings.Repeat("#", full), strings.Repeat(".", cells-full), p.done, p.total)
	}
	fmt.Fprintf(&b, " %s", elapsed.Truncate(time.Second))
	if took := elapsed - p.began; took >= enough && p.done > 0 && p.done < p.total {
		left := took / time.Duration(p.done) * time.Duration(p.total-p.done)
		fmt.Fprintf(&b, ", some %s left", left.Round(time.Second))
	}
	if p.what != "" {
		b.WriteString(" " + p.what)
	}
	return b.String()
}

// clear ends the progress and removes the line, before results are printed.
func (p *progress) clear() {
	if p.stop != nil {
		close(p.stop)
		p.stopped.Wait()
		p.stop = nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
}

func (p *progress) erase() {
	if p.shown > 0 {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = 0
	}
}

// through returns a writer to the same terminal for a program that is run: the
// line makes room for what it prints.
func (p *progress) through(w io.Writer) io.Writer {
	if p.w == nil {
		return w
	}
	return &yielding{p, w}
}

type yielding struct {
	p *progress
	w io.Writer
}

func (y *yielding) Write(b []byte) (int, error) {
	y.p.mu.Lock()
	defer y.p.mu.Unlock()
	y.p.erase()
	y.p.yielded = true
	return y.w.Write(b)
}
