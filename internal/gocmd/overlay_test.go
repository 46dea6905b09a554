package gocmd

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOverlay(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages+`
-- user.txt --
package a

func New() *int { return nil }
-- ours.txt --
package a

func Ours() *int { return new(int) }
`)
	in := func(name string) string { return filepath.Join(c.Dir, filepath.FromSlash(name)) }
	user := in("user.json")
	if err := MergeOverlay(user, "", map[string]string{in("a/a.go"): in("user.txt")}); err != nil {
		t.Fatal(err)
	}
	c.Overlay = user
	_, text := diagnose(t, c, Request{Patterns: []string{"./a"}})
	if strings.Contains(text, "moved to heap") || !strings.Contains(text, "a/a.go:3:6: can inline New") {
		t.Errorf("with the user's overlay:\n%s", text)
	}

	merged := in("merged.json")
	if err := MergeOverlay(merged, user, map[string]string{in("a/ours.go"): in("ours.txt")}); err != nil {
		t.Fatal(err)
	}
	c.Overlay = merged
	_, text = diagnose(t, c, Request{Patterns: []string{"./a"}})
	if strings.Contains(text, "moved to heap") || !strings.Contains(text, "a/ours.go:3:") {
		t.Errorf("with both overlays:\n%s", text)
	}

	err := MergeOverlay(in("none.json"), user, map[string]string{in("a/a.go"): in("ours.txt")})
	if e, ok := errors.AsType[*Error](err); !ok || !errors.Is(err, ErrConflict) || e.Hint == "" {
		t.Errorf("conflict: error %v, want ErrConflict with a hint", err)
	}
	if _, err := os.Stat(in("none.json")); err == nil {
		t.Error("a conflict was written")
	}
	for _, content := range []string{"", "{", `{"Replace": 1}`} {
		if err := os.WriteFile(in("bad.json"), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadOverlay(in("bad.json")); err == nil {
			t.Errorf("overlay %q: no error", content)
		}
	}
	if _, err := ReadOverlay(in("nowhere.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no overlay: %v", err)
	}
}

func TestOverlayFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		goflags, flag, overlay, want string
	}{
		{"", "", "", ""},
		{"-overlay=a.json", "", "", "a.json"},
		{"-overlay=a.json", "--overlay=b.json", "", "b.json"},
		{"'-overlay=a b.json'", "-tags=x", "", "a b.json"},
		{"-overlay=a.json", "-overlay=b.json", "c.json", "c.json"},
	} {
		c := module(t, twoPackages, "GOFLAGS="+test.goflags)
		if test.flag != "" {
			c.BuildFlags = []string{test.flag}
		}
		c.Overlay = test.overlay
		want := test.want
		if want != "" {
			want = filepath.Join(c.Dir, want)
		}
		if got, err := c.OverlayFile(t.Context()); err != nil || got != want {
			t.Errorf("%+v: %s, %v, want %s", test, got, err, want)
		}
	}
}

// TestLinkedGoroot calls the directory that GOROOT is in a module cache, which
// is what it is for a toolchain that the go command fetched.
func TestLinkedGoroot(t *testing.T) {
	t.Parallel()
	c := module(t, twoPackages)
	env, err := c.Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	same, goroot, cleanup, err := c.LinkedGoroot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	if !beneath(env.GOMODCACHE, env.GOROOT) && (same != c || goroot != env.GOROOT) {
		t.Errorf("a toolchain outside of the module cache was linked to %s", goroot)
	}

	fetched := module(t, twoPackages, "GOMODCACHE="+filepath.Dir(env.GOROOT))
	fetched.cacheDir = t.TempDir()
	linked, goroot, cleanup, err := fetched.LinkedGoroot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer cleanup()
	if to, err := os.Readlink(goroot); err != nil || to != env.GOROOT {
		t.Fatalf("%s leads to %s, %v, want %s", goroot, to, err, env.GOROOT)
	}
	_, again, cleanup2, err := fetched.LinkedGoroot(t.Context())
	if err != nil || again != goroot {
		t.Errorf("the second time it is %s, %v, the first %s", again, err, goroot)
	}
	cleanup2()
	lenv, err := linked.Environ(t.Context())
	if err != nil || lenv.GOROOT != goroot || lenv.GOVERSION != env.GOVERSION {
		t.Errorf("environment = %+v, %v", lenv, err)
	}
	linked.BuildFlags = []string{"-n"} // what the overlay is refused for is seen before anything is compiled
	linked.Overlay = filepath.Join(c.Dir, "o.json")
	file := filepath.Join(goroot, "src", "errors", "zz.go")
	if err := os.WriteFile(filepath.Join(c.Dir, "zz.txt"), []byte("package errors\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := MergeOverlay(linked.Overlay, "", map[string]string{file: filepath.Join(c.Dir, "zz.txt")}); err != nil {
		t.Fatal(err)
	}
	b, err := linked.List(t.Context(), Request{Patterns: []string{"errors"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Packages) != 1 || !strings.Contains(strings.Join(b.Packages[0].GoFiles, " "), "/errors/zz.go") {
		t.Errorf("the overlay has no effect: %+v", b.Packages[0])
	}
}
