//go:build unix

package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// build makes the stackward command, for tests of what a process does.
func build(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "stackward")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("building stackward: %v\n%s", err, out)
	}
	return binary
}

// unpack writes an archive into a directory of its own.
func unpack(t testing.TB, archive string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inModule is a stackward command, of a binary, in a module of its own that an archive is of.
func inModule(t testing.TB, binary, archive string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = unpack(t, "-- go.mod --\nmodule example.com/m\n\ngo 1.24\n"+archive)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	return cmd
}

// start starts a command and waits until "ready" is written to the pipe, which is one of
// the command's. What follows is for the caller to read, to its end.
func start(t testing.TB, cmd *exec.Cmd, pipe func() (io.ReadCloser, error)) *bufio.Scanner {
	t.Helper()
	r, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() && lines.Text() != "ready" {
	}
	return lines
}

// TestInterruptedProgram ends a program that is weighed, as Ctrl-C does. That
// is not the end of stackward, which reports what it saw.
func TestInterruptedProgram(t *testing.T) {
	t.Parallel()
	cmd := inModule(t, build(t), `
-- main.go --
package main

import (
	"os"
	"time"
)

var sink *[100]int

func main() {
	sink = new([100]int)
	os.Stdout.WriteString("ready\n")
	time.Sleep(time.Hour)
}
`, "cost", "--", "go", "run", ".")
	tmp := t.TempDir()
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp, "GOTMPDIR="+tmp)
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	lines := start(t, cmd, cmd.StderrPipe)
	cmd.Process.Signal(syscall.SIGINT)
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(rest, "\n"))
	}
	if !strings.Contains(stdout.String(), "main.go:11:12: new of [100]int: ") {
		t.Errorf("the report lacks the site:\n%s", stdout.String())
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestInterruptedFix ends a fix that is to be written while its tests run: the
// source is as it was, and nothing is left behind. A kill leaves no more than the
// overlay's directory.
func TestInterruptedFix(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			cmd := inModule(t, binary, `
-- m.go --
package m

func F(data []int) []int {
	s := []int{}
	for _, v := range data {
		s = append(s, v)
	}
	return s
}
-- m_test.go --
package m

import (
	"os"
	"testing"
	"time"
)

func TestF(t *testing.T) {
	F([]int{99: 1})
	if os.WriteFile(os.Getenv("STARTED"), nil, 0o666) == nil {
		time.Sleep(10 * time.Second) // a kill leaves it alone
	}
}
`, "fix", "-fixer=presize", "-unmeasured", "-w", ".")
			tmp := t.TempDir()
			started := filepath.Join(t.TempDir(), "started")
			if err := syscall.Mkfifo(started, 0o666); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(cmd.Env, "TMPDIR="+tmp, "GOTMPDIR="+tmp, "STARTED="+started)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				ended <- cmd.Wait()
				if f, err := os.OpenFile(started, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
					f.Close() // the test has not opened it
				}
			}()
			if _, err := os.ReadFile(started); err != nil { // waits for the test to open it
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatalf("it had ended before the test began: %v", err)
			}
			<-ended
			src, err := os.ReadFile(filepath.Join(cmd.Dir, "m.go"))
			if err != nil || !bytes.Contains(src, []byte("\ts := []int{}\n")) {
				t.Errorf("m.go is %v\n%s", err, src)
			}
			files, _ := filepath.Glob(filepath.Join(cmd.Dir, "*"))
			hidden, _ := filepath.Glob(filepath.Join(cmd.Dir, ".*"))
			if len(files) != 3 || len(hidden) != 0 {
				t.Errorf("in the module: %v %v", files, hidden)
			}
			if left, _ := os.ReadDir(tmp); sig == syscall.SIGINT && len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestKilledRecord kills stackward while the program that it records is about to be
// ended: the program does not go on alone.
func TestKilledRecord(t *testing.T) {
	t.Parallel()
	cmd := inModule(t, build(t), `
-- main.go --
package main

import (
	"os"
	"time"
)

func main() {
	os.Stdout.WriteString("ready\n")
	time.Sleep(10 * time.Second)
	os.Stdout.WriteString("alone\n")
}
`, "heap", "record", "-o", filepath.Join(t.TempDir(), "m.heap"), "--", "go", "run", ".")
	lines := start(t, cmd, cmd.StdoutPipe) // of the program, which has it for as long as it lives
	cmd.Process.Signal(syscall.SIGINT)
	time.Sleep(time.Millisecond)
	cmd.Process.Kill()
	for lines.Scan() {
		t.Errorf("the program goes on: %s", lines.Text())
	}
	cmd.Wait()
}
