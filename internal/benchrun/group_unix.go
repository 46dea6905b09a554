//go:build unix

package benchrun

import (
	"os/exec"
	"syscall"
)

// interrupt interrupts a program with all that it started, and kill kills them.
func interrupt(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

func kill(cmd *exec.Cmd) { syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
