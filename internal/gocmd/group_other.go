//go:build !unix

package gocmd

import "os/exec"

// ownGroup leaves the command as it is: the go command's children end when
// their pipes close.
func ownGroup(cmd *exec.Cmd) {}
