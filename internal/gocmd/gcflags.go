package gocmd

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A perPackage is one -gcflags of the user's: for packages that match pattern
// or, where that is "", for those named on the command line.
type perPackage struct {
	pattern, flags string
}

// buildFlags are the flags of a go command that builds what req asks for. With
// Diagnose or Listing a -gcflags of ours comes last. The go command gives each package the
// flags of the last -gcflags that matches it (PerPackageFlag, cmd/go, go1.26),
// so ours must repeat the user's.
func (c *Config) buildFlags(ctx context.Context, req Request) ([]string, error) {
	flags := c.Flags()
	if !req.Diagnose && req.Listing == nil {
		return flags, nil
	}
	env, err := c.Environ(ctx)
	if err != nil {
		return nil, err
	}
	var user []perPackage
	fromEnv, err := splitQuoted(env.GOFLAGS)
	if err != nil {
		return nil, badGoflags(err)
	}
	for _, f := range slices.Concat(fromEnv, flags) {
		if p, ok := parseGcflags(f); ok {
			user = append(user, p)
		}
	}
	flags = slices.Clone(flags)
	ours := "-S" // which names files in full
	if req.Diagnose {
		ours = "-m=2 -env=STACKWARD_DIR=" + identity(c.Dir)
	}
	if !slices.ContainsFunc(user, func(p perPackage) bool { return p.pattern != "" }) {
		var theirs string
		if len(user) > 0 {
			theirs = user[len(user)-1].flags
		}
		return append(flags, "-gcflags="+strings.TrimSpace(theirs+" "+ours)), nil
	}
	// Which of the user's flags a package gets depends on the package. This is
	// rare enough for a second go command.
	named, err := c.List(ctx, Request{Patterns: req.Patterns})
	if err != nil {
		return nil, err
	}
	flags = append(flags, "-gcflags="+ours)
	for _, p := range named.Packages {
		if theirs := lastMatch(user, p, c.Dir); theirs != "" {
			for _, path := range []string{p.ImportPath, p.ImportPath + "_test"} {
				flags = append(flags, fmt.Sprintf("-gcflags=%s=%s %s", path, theirs, ours))
			}
		}
	}
	return flags, nil
}

// identity stands for a directory: in hexadecimal, since a flag of the
// compiler would have to be quoted.
func identity(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(sum[:8])
}

// flagValue is the value in -name=value or --name=value.
func flagValue(flag, name string) (string, bool) {
	flag, ok := strings.CutPrefix(flag, "-")
	if !ok {
		return "", false
	}
	return strings.CutPrefix(strings.TrimPrefix(flag, "-"), name+"=")
}

// inForce is the value of a flag that the last of GOFLAGS and the configuration's own
// flags tells, and whether one does.
func (c *Config) inForce(ctx context.Context, name string) (value string, told bool, err error) {
	env, err := c.Environ(ctx)
	if err != nil {
		return "", false, err
	}
	flags, err := splitQuoted(env.GOFLAGS)
	if err != nil {
		return "", false, badGoflags(err)
	}
	for _, f := range slices.Concat(flags, c.Flags()) {
		if v, ok := flagValue(f, name); ok {
			value, told = v, true
		}
	}
	return value, told, nil
}

func badGoflags(err error) error {
	return &Error{Msg: "reading GOFLAGS", Err: err, Usage: true, Hint: "go help environment says how to quote flags"}
}

// parseGcflags reads a flag as PerPackageFlag does.
func parseGcflags(flag string) (perPackage, bool) {
	v, ok := flagValue(flag, "gcflags")
	if !ok {
		return perPackage{}, false
	}
	v = strings.TrimSpace(v)
	if v == "" || strings.HasPrefix(v, "-") {
		return perPackage{flags: v}, true
	}
	pattern, flags, _ := strings.Cut(v, "=")
	return perPackage{pattern: strings.TrimSpace(pattern), flags: strings.TrimSpace(flags)}, true
}

// lastMatch returns the flags that the user's last match gives a named package.
func lastMatch(user []perPackage, p *Package, dir string) string {
	for _, u := range slices.Backward(user) {
		if u.pattern == "" || matchPackage(u.pattern, p, dir) {
			return u.flags
		}
	}
	return ""
}

// matchPackage matches as cmd/go's load.MatchPackage does (go1.26), but for
// "tool" and "work", which name no named package's flags in practice.
func matchPackage(pattern string, p *Package, dir string) bool {
	switch {
	case pattern == "all":
		return true
	case pattern == "std":
		return p.Standard
	case pattern == "cmd":
		return p.Standard && strings.HasPrefix(p.ImportPath, "cmd/")
	case pattern == "." || pattern == ".." || strings.HasPrefix(pattern, "./") || strings.HasPrefix(pattern, "../"):
		rel, err := filepath.Rel(dir, p.Dir)
		return err == nil && wildcard(path.Clean(pattern), filepath.ToSlash(rel))
	}
	return wildcard(pattern, p.ImportPath)
}

// wildcard matches a name with a pattern in which "..." is any text, and
// "x/..." is x, too.
func wildcard(pattern, name string) bool {
	if pattern == "..." {
		return true
	}
	re := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\.\.\.`, `.*`)
	if before, ok := strings.CutSuffix(re, `/.*`); ok {
		re = before + `(/.*)?`
	}
	ok, err := regexp.MatchString(`^`+re+`$`, name)
	return err == nil && ok
}

// noisy are flags in GOFLAGS that would change what a go list prints or make
// it do nothing.
var noisy = []string{"json", "f", "m", "u", "x", "n", "v", "find", "e", "test", "deps", "export", "compiled", "versions", "retracted", "reuse"}

// quietGoflags is GOFLAGS without noisy flags, and whether there were any.
func quietGoflags(goflags string) (string, bool) {
	flags, err := splitQuoted(goflags)
	if err != nil {
		return "", false
	}
	n := len(flags)
	flags = slices.DeleteFunc(flags, func(f string) bool {
		name, _, _ := strings.Cut(strings.TrimLeft(f, "-"), "=")
		return slices.Contains(noisy, name)
	})
	if len(flags) == n {
		return "", false
	}
	for i, f := range flags {
		if strings.ContainsAny(f, " \t\n") {
			q := "'"
			if strings.Contains(f, q) {
				q = `"`
			}
			flags[i] = q + f + q
		}
	}
	if len(flags) == 0 {
		// An empty variable would bring back what "go env -w" set.
		flags = []string{"-x=false"}
	}
	return strings.Join(flags, " "), true
}

// splitQuoted splits GOFLAGS as cmd/internal/quoted does: fields may be
// enclosed in ' or ", without escapes.
func splitQuoted(s string) ([]string, error) {
	var fields []string
	for {
		s = strings.TrimLeft(s, " \t\n\r")
		if s == "" {
			return fields, nil
		}
		if q := s[0]; q == '"' || q == '\'' {
			field, rest, ok := strings.Cut(s[1:], string(q))
			if !ok {
				return nil, fmt.Errorf("unterminated %c string", q)
			}
			fields, s = append(fields, field), rest
			continue
		}
		i := strings.IndexAny(s, " \t\n\r")
		if i < 0 {
			i = len(s)
		}
		fields, s = append(fields, s[:i]), s[i:]
	}
}
