//go:build !unix

package gocmd

import (
	"os/exec"
	"runtime"
	"strconv"
)

// ownGroup makes the end of the context end a command's children, too, where
// the system has a way. There is none to interrupt it, so its temporary files
// stay.
func ownGroup(cmd *exec.Cmd) {
	if runtime.GOOS != "windows" {
		return
	}
	cmd.Cancel = func() error {
		tree := exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid))
		if tree.Run() == nil {
			return nil
		}
		return cmd.Process.Kill()
	}
}

// end has nothing to add: the whole tree was killed.
func end(*exec.Cmd) {}
