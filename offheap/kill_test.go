package offheap

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A program that is killed, at whatever moment, leaves nothing: no file, and no
// memory that outlives it or that another has a part in. While it lives it has no
// such thing either, so there is no moment at which it could.
func TestKilled(t *testing.T) {
	const child = "OFFHEAP_TEST_KILLED"
	if os.Getenv(child) != "" {
		fmt.Println("ready")
		stress(t, 1<<30, func(i int) int { return 1 + i%6 })
		return
	}
	kills := 20
	if testing.Short() {
		kills = 4
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range kills {
		dir := t.TempDir()
		cmd := exec.Command(self, "-test.run=^TestKilled$", "-test.timeout=5m")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), child+"=1", "TMPDIR="+dir, "TMP="+dir, "TEMP="+dir, "HOME="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); errors.Is(err, syscall.ENOEXEC) {
			t.Skip(err) // an emulator of another processor has no way to start it
		} else if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if line != "ready\n" {
			t.Errorf("the child says %q, %v", line, err)
		}
		time.Sleep(rand.N(50 * time.Millisecond))
		if runtime.GOOS == "linux" {
			checkOwnMemory(t, cmd.Process.Pid)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Error("it was not alive any more:", err)
		}
		if err := cmd.Wait(); err == nil {
			t.Error("it ended by itself")
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) > 0 {
			t.Errorf("it left %q, %v", left, err)
		}
	}
}

// checkOwnMemory fails if a process has memory that others may have a part in, or
// that is locked, or a file open for it.
func checkOwnMemory(t *testing.T, pid int) {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	mappings := 0
	for line := range strings.Lines(read("maps")) {
		f := strings.Fields(line) // address, permissions with p for private, ...
		if len(f) < 5 || len(f[1]) != 4 {
			t.Fatalf("%q", line)
		}
		mappings++
		if f[1][3] != 'p' {
			t.Errorf("memory that is not the process's own: %s", line)
		}
	}
	status := read("status")
	if mappings == 0 || !strings.Contains(strings.ReplaceAll(status, " ", ""), "VmLck:\t0kB") {
		t.Errorf("%d mappings; status:\n%s", mappings, status)
	}
	open, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil || len(open) == 0 {
		t.Fatal(open, err)
	}
	for _, name := range open {
		if at, err := os.Readlink(name); err == nil && strings.HasPrefix(at, "/") && at != os.DevNull &&
			!strings.HasPrefix(at, "/proc/") && !strings.HasPrefix(at, "/sys/") {
			t.Errorf("an open file: %s", at)
		}
	}
}
