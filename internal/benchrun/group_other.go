//go:build !unix

package benchrun

import "os/exec"

// No program is recorded here that would have to be ended so.
func interrupt(cmd *exec.Cmd) { cmd.Process.Kill() }

func kill(cmd *exec.Cmd) { cmd.Process.Kill() }
