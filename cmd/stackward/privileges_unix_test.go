//go:build unix

package main

import (
	"os"
	"syscall"
)

// nobody is a user without rights on most systems; any but root would do.
const nobody = 65534

// dropPrivileges makes the process another user's, if it is root's.
func dropPrivileges() error {
	if os.Getuid() != 0 {
		return nil
	}
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(nobody); err != nil {
		return err
	}
	return syscall.Setuid(nobody)
}
