package gocmd

import (
	"errors"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestWorkspace(t *testing.T) {
	t.Parallel()
	c := module(t, `
-- go.work --
go 1.24

use (
	./one
	./two
)
-- one/go.mod --
module example.com/one

go 1.24
-- one/one.go --
package one

func One() *int { return new(int) }
-- two/go.mod --
module example.com/two

go 1.24
-- two/sub/two.go --
package sub

import "example.com/one"

func Two() *int { return one.One() }
`)
	b, text := diagnose(t, c, Request{Patterns: []string{"./one/...", "./two/..."}})
	if got, want := named(b), []string{"example.com/one", "example.com/two/sub"}; !slices.Equal(got, want) {
		t.Errorf("packages = %q, want %q", got, want)
	}
	if !strings.Contains(text, "\none/one.go:3:") || !strings.Contains(text, "\ntwo/sub/two.go:5:") {
		t.Errorf("text:\n%s", text)
	}
	_, text = diagnose(t, below(c, "two/sub"), Request{Patterns: []string{".", "example.com/one"}})
	if !strings.Contains(text, "\n../../one/one.go:3:") || !strings.Contains(text, "\n./two.go:5:") {
		t.Errorf("text in two/sub:\n%s", text)
	}
}

func TestVendor(t *testing.T) {
	t.Parallel()
	c := module(t, `
-- go.mod --
module example.com/m

go 1.24

require example.com/dep v1.2.3
-- m.go --
package m

import "example.com/dep"

func M() *int { return dep.D() }
-- vendor/modules.txt --
# example.com/dep v1.2.3
## explicit; go 1.24
example.com/dep
-- vendor/example.com/dep/dep.go --
package dep

func D() *int { return new(int) }
`)
	for _, flags := range [][]string{nil, {"-mod=vendor"}} {
		c := below(c, ".")
		c.BuildFlags = flags
		b, text := diagnose(t, c, Request{Patterns: []string{".", "example.com/dep"}})
		dep := find(b, "example.com/dep")
		if dep == nil || dep.Export == "" || dep.Module == nil || dep.Module.Version != "v1.2.3" {
			t.Fatalf("dep = %+v", dep)
		}
		if !strings.Contains(text, "\nvendor/example.com/dep/dep.go:3:") || !strings.Contains(text, "\n./m.go:5:") {
			t.Errorf("text:\n%s", text)
		}
	}
	// -mod=mod would have to download it.
	c.BuildFlags = []string{"-mod=mod"}
	b, err := c.Build(t.Context(), Request{Patterns: []string{"."}})
	if err == nil && len(b.Packages[0].Errors) == 0 {
		t.Errorf("no error for a missing module: %+v", b.Packages[0])
	}
}

func TestCgo(t *testing.T) {
	t.Parallel()
	c := module(t, `
-- go.mod --
module example.com/m

go 1.24
-- m.go --
package m

// static int twice(int x) { return 2*x; }
import "C"

func M(x int) *int {
	y := int(C.twice(C.int(x)))
	return &y
}
`, "CGO_ENABLED=1")
	if _, err := exec.LookPath("cc"); err != nil {
		t.Skip("no C compiler")
	}
	b, text := diagnose(t, c, Request{Patterns: []string{"."}})
	if p := b.Packages[0]; p.Export == "" || !slices.Equal(p.GoFiles, []string{filepath.ToSlash(filepath.Join(c.Dir, "m.go"))}) {
		t.Errorf("%+v", p)
	}
	if !strings.Contains(text, "\n./m.go:7:2: moved to heap: y\n") {
		t.Errorf("text:\n%s", text)
	}
}

func TestCross(t *testing.T) {
	t.Parallel()
	c := module(t, `
-- go.mod --
module example.com/m

go 1.24
-- m_darwin_arm64.go --
package m

func M() *int { return new(int) }
`, "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0")
	b, text := diagnose(t, c, Request{Patterns: []string{"."}})
	if b.Packages[0].Export == "" || !strings.Contains(text, "./m_darwin_arm64.go:3:") {
		t.Errorf("%+v\n%s", b.Packages[0], text)
	}
	if env, err := c.Environ(t.Context()); err != nil || env.GOOS != "darwin" || env.GOARCH != "arm64" {
		t.Errorf("environment = %+v, %v", env, err)
	}
}

func TestTrimpath(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages+`
-- cmd/x/main.go --
package main

func main() { println(*f()) }

func f() *int { undefined() }
`)
	c.BuildFlags = []string{"-trimpath"}
	b, _ := diagnose(t, c, Request{Patterns: []string{"./...", "errors"}, Tests: true, Deps: true})
	main := find(b, "example.com/m/cmd/x")
	want := filepath.ToSlash(filepath.Join(c.Dir, "cmd/x/main.go")) + ":5:17"
	if len(main.Errors) == 0 || main.Errors[0].Pos != want {
		t.Errorf("errors = %+v, want the first at %s", main.Errors, want)
	}
}

// TestToolchains tries those that the go command has fetched into the module
// cache: what they say, and whether files of their GOROOT can be replaced.
func TestToolchains(t *testing.T) {
	t.Parallel()
	env, err := module(t, twoPackages).Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, _ := filepath.Glob(filepath.Join(env.GOMODCACHE, "golang.org", "toolchain@*"+env.GOHOSTOS+"-"+env.GOHOSTARCH))
	if len(found) == 0 {
		t.Skip("none in the module cache")
	}
	for _, goroot := range found {
		t.Run(filepath.Base(goroot), func(t *testing.T) {
			t.Parallel()
			c := module(t, twoPackages+`
-- o.json --
{}
-- zz.txt --
package errors

func Stackward() *int { return new(int) }
`)
			// The go command on PATH runs it where go.mod asks for it.
			version, _, _ := strings.Cut(filepath.Base(goroot), "."+runtime.GOOS+"-")
			_, version, _ = strings.Cut(version, "-")
			asking := module(t, "-- go.mod --\nmodule m\n\ngo 1.21.0\ntoolchain "+version+"\n", "GOTOOLCHAIN="+version+"+auto")
			if env, err := asking.Environ(t.Context()); err == nil && env.GOVERSION != version {
				t.Errorf("environment of %s is that of %s", version, env.GOVERSION)
			} else if err != nil && !errors.Is(err, ErrOldToolchain) {
				t.Error(err)
			}

			c.gobin = filepath.Join(goroot, "bin", "go"+exe(runtime.GOOS))
			env, err := c.Environ(t.Context())
			if errors.Is(err, ErrOldToolchain) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(goroot, "-"+env.GOVERSION+"."+env.GOOS+"-"+env.GOARCH) {
				t.Errorf("version %s in %s", env.GOVERSION, goroot)
			}
			for _, at := range []struct{ dir, want string }{{".", "a/a.go"}, {"b", "../a/a.go"}, {".", "a/a.go"}} {
				sub := below(c, at.dir)
				sub.gobin = c.gobin
				_, text := diagnose(t, sub, Request{Patterns: []string{"example.com/m/a"}})
				if !strings.Contains(text, "\n"+at.want+":3:19: moved to heap: x\n") {
					t.Errorf("in %s: no %s in\n%s", at.dir, at.want, text)
				}
			}

			linked, root, cleanup, err := c.LinkedGoroot(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer cleanup()
			linked.Overlay = filepath.Join(c.Dir, "o.json")
			zz := filepath.Join(root, "src", "errors", "zz.go")
			if err := MergeOverlay(linked.Overlay, "", map[string]string{zz: filepath.Join(c.Dir, "zz.txt")}); err != nil {
				t.Fatal(err)
			}
			_, text := diagnose(t, linked, Request{Patterns: []string{"errors"}})
			if !strings.Contains(text, "/errors/zz.go:3:") {
				t.Errorf("the overlay has no effect:\n%s", text)
			}
		})
	}
}
