package gocmd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// slow is a module that takes seconds to compile.
func slow() string {
	var b strings.Builder
	b.WriteString("-- go.mod --\nmodule example.com/slow\n\ngo 1.24\n")
	for p := range 6 {
		fmt.Fprintf(&b, "-- p%d/p.go --\npackage p\n\nimport \"fmt\"\n", p)
		if p > 0 {
			fmt.Fprintf(&b, "import _ \"example.com/slow/p%d\"\n", p-1)
		}
		for i := range 1500 {
			// The time makes it new to the build cache.
			fmt.Fprintf(&b, "func F%d(x int) string { return fmt.Sprint(x, %d, \"%d\") }\n", i, i, time.Now().UnixNano())
		}
	}
	return b.String()
}

// TestCancel is Ctrl-C in the middle of a build: it ends at once, no process
// stays, and no temporary file.
func TestCancel(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	c := module(t, slow(), "GOTMPDIR="+tmp, "TMPDIR="+tmp)
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the user had enough")
	var last Progress
	c.Progress = func(p Progress) { last = p }
	go func() {
		for ctx.Err() == nil { // until the compiler runs
			if m, _ := filepath.Glob(filepath.Join(tmp, "*", "go-build*", "b*", "importcfg")); len(m) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		if !running(tmp) && runtime.GOOS == "linux" {
			t.Error("no compiler seems to run: the test proves nothing")
		}
		cancel(stop)
	}()
	_, err := c.Build(ctx, Request{Patterns: []string{"./..."}, Diagnose: true})
	if !errors.Is(err, stop) {
		t.Errorf("error = %v, want the context's cause", err)
	}
	if last.Total > 0 && last.Done == last.Total {
		t.Errorf("the build came to its end: %+v", last)
	}
	if running(tmp) {
		t.Error("a process is still running")
	}
	if runtime.GOOS != "windows" {
		if left, _ := os.ReadDir(tmp); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// running reports whether a process has dir in its environment.
func running(dir string) bool {
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs {
		if p == fmt.Sprintf("/proc/%d", os.Getpid()) {
			continue
		}
		if env, err := os.ReadFile(filepath.Join(p, "environ")); err == nil && strings.Contains(string(env), "TMPDIR="+dir+"\x00") {
			return true
		}
	}
	return false
}

func TestProgress(t *testing.T) {
	t.Parallel()
	c := module(t, slow())
	var mu sync.Mutex
	var seen []Progress
	c.Progress = func(p Progress) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, p)
	}
	_, text := diagnose(t, c, Request{Patterns: []string{"./..."}})
	if len(seen) == 0 {
		t.Fatal("no progress was told")
	}
	for i, p := range seen {
		if i > 0 && p.Done < seen[i-1].Done || p.Total > 0 && p.Done > p.Total {
			t.Errorf("progress %d goes from %+v to %+v", i, seen[i-1], p)
		}
	}
	if last := seen[len(seen)-1]; last.Total < 7 || last.Done < 7 || !strings.HasPrefix(last.Package, "example.com/slow/p") {
		t.Errorf("last progress = %+v", last)
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "# ") && !strings.Contains(line, ": ") {
			t.Errorf("progress in the text: %s", line)
		}
	}
	// Cached, it takes no time worth telling.
	seen = nil
	start := time.Now()
	if _, err := c.Build(t.Context(), Request{Patterns: []string{"./..."}, Diagnose: true}); err != nil {
		t.Fatal(err)
	}
	if len(seen) > 0 && time.Since(start) < blink {
		t.Errorf("progress of a cached build: %+v", seen)
	}
}
