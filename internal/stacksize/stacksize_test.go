package stacksize

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func load(t *testing.T, target Target) *Rules {
	t.Helper()
	target.GOROOT = runtime.GOROOT() //lint:ignore SA1019 the toolchain that runs the test is the one to read
	r, err := Load(target)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestLoad holds the constants to those that the runtime's own comments name,
// and to what depends on the target.
func TestLoad(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		target Target
		want   Rules
	}{
		{Target{GOOS: "linux", GOARCH: "amd64"}, Rules{Min: 2048, Guard: 928, Small: 128, Start: 40, Call: 8}},
		{Target{GOOS: "linux", GOARCH: "amd64", Race: true}, Rules{Min: 2048, Guard: 1728, Small: 128, Start: 40, Call: 8}},
		{Target{GOOS: "linux", GOARCH: "386"}, Rules{Min: 2048, Guard: 928, Small: 128, Start: 20, Call: 4}},
		{Target{GOOS: "linux", GOARCH: "arm64"}, Rules{Min: 2048, Guard: 928, Small: 128, Start: 48}},
		{Target{GOOS: "windows", GOARCH: "amd64"}, Rules{Min: 8192, Guard: 5024, Small: 128, Start: 40, Call: 8}},
		{Target{GOOS: "openbsd", GOARCH: "amd64"}, Rules{Min: 2048, Guard: 1728, Small: 128, Start: 40, Call: 8}},
	} {
		if got := *load(t, tt.target); got != tt.want {
			t.Errorf("%s/%s race=%t: %+v, want %+v", tt.target.GOOS, tt.target.GOARCH, tt.target.Race, got, tt.want)
		}
	}
	if _, err := Load(Target{GOROOT: t.TempDir(), GOOS: "linux", GOARCH: "amd64"}); err == nil {
		t.Error("no error without source")
	}
}

// TestRules holds the sentences of the runtime that are told here in Go.
func TestRules(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"proc.go":    {"uintptr(4*goarch.PtrSize + sys.MinFrameSize)", "malg(stackMin)"},
		"stack.go":   {"newsize := oldsize * 2", "needed := max + stackGuard", "for newsize-used < needed {"},
		"sys_x86.go": {"sp -= goarch.PtrSize"},
	} {
		src, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src", "runtime", file)) //lint:ignore SA1019 as above
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range want {
			if !strings.Contains(string(src), s) {
				t.Errorf("runtime/%s has no %q any more", file, s)
			}
		}
	}
}

func TestGrow(t *testing.T) {
	t.Parallel()
	r := &Rules{Min: 2048, Guard: 928, Small: 128, Start: 40, Call: 8}
	for _, tt := range []struct {
		name   string
		way    []Frame
		size   int64
		copies int
		copied int64
	}{
		{"nothing", nil, 2048, 0, 0},
		{"fits just", []Frame{{40, 1207, true}}, 2048, 0, 0},
		{"a byte more", []Frame{{40, 1208, true}}, 4096, 1, 40},
		{"no check", []Frame{{40, 4000, false}}, 2048, 0, 0},
		{"at once", []Frame{{40, 60016, true}}, 65536, 1, 40},
		{"step by step", []Frame{{40, 1000, true}, {1048, 1000, true}, {2056, 1000, true}, {3064, 1000, true}}, 8192, 2, 1048 + 3064},
	} {
		size, copies, copied := r.Grow(tt.way)
		if size != tt.size || copies != tt.copies || copied != tt.copied {
			t.Errorf("%s: %d bytes, %d copies of %d bytes; want %d, %d, %d", tt.name, size, copies, copied, tt.size, tt.copies, tt.copied)
		}
	}
}
