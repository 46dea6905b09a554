//go:build unix

package gocmd

import (
	"os/exec"
	"syscall"
	"time"
)

// ownGroup puts a command into a process group of its own, so that what it
// starts ends with it, and so that Ctrl-C in a terminal reaches it through the
// context only.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		group := -cmd.Process.Pid
		time.AfterFunc(grace, func() { syscall.Kill(group, syscall.SIGKILL) })
		return syscall.Kill(group, syscall.SIGINT)
	}
}

// end kills what is left of a command's group, and waits until it is gone: what is
// killed takes its time on a busy machine. Where nobody takes notice that orphans
// have died the group stays, so it does not wait long.
func end(cmd *exec.Cmd) {
	if cmd.Process == nil {
		return
	}
	for start := time.Now(); syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) == nil && time.Since(start) < grace; {
		time.Sleep(time.Millisecond)
	}
}
