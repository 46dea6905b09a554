//go:build unix

package gocmd

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a command into a process group of its own, so that the
// compilers that the go command started end with it.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
