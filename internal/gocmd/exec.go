package gocmd

import (
	"context"
	"fmt"
	"os/exec"
)

// Exec is what the go command starts the programs that it built with, as the
// value of an -exec flag, "" where it starts them itself: the flag of BuildFlags
// or GOFLAGS or, where it builds for another system, a program named for that
// which is on PATH (go help run).
func (c *Config) Exec(ctx context.Context) (string, error) {
	with, told, err := c.inForce(ctx, "exec")
	if err != nil {
		return "", err
	}
	env, err := c.Environ(ctx)
	if err != nil {
		return "", err
	}
	if told || env.GOOS == env.GOHOSTOS && env.GOARCH == env.GOHOSTARCH {
		return with, nil
	}
	name := fmt.Sprintf("go_%s_%s_exec", env.GOOS, env.GOARCH)
	if _, err := exec.LookPath(name); err != nil {
		return "", nil // the go command starts them itself, too
	}
	return name, nil
}
