package gocmd

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
)

// "go list -export" compiles without a CPU profile that no "go build" has read
// yet, and says nothing of it: it leaves out the step that reads one
// (pgoActor.Act, cmd/go/internal/work/action.go, go1.24 to go1.27). What comes of
// that step is kept in the build cache, by the profile alone.

// pgoFlag is the -pgo flag in force, "auto" if there is none (go help build).
func (c *Config) pgoFlag(ctx context.Context) (string, error) {
	pgo, told, err := c.inForce(ctx, "pgo")
	if err != nil {
		return "", err
	}
	if !told {
		return "auto", nil
	}
	return pgo, nil
}

// readProfile has the go command read a profile. isNew reports that it had not
// before.
func (c *Config) readProfile(ctx context.Context, file string) (isNew bool, err error) {
	// The smallest package there is, which is compiled where the profile is new.
	cmd := c.Command(ctx, "build", "-v", "-pgo="+file, "internal/goarch")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := c.Run(ctx, cmd); err != nil {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		return false, failure("build", stderr.String(), err)
	}
	return stderr.Len() > 0, nil
}

// defaultProfiles are the profiles that main packages are built with by
// themselves.
func defaultProfiles(b *Build) (files []string) {
	for _, p := range b.Packages {
		if p.Name != "main" || p.DepOnly || p.ForTest != "" {
			continue
		}
		file := filepath.Join(p.Dir, "default.pgo")
		if _, err := os.Stat(file); err == nil && !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}
