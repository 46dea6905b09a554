package benchrun

import (
	"bytes"
	"errors"
	"go/version"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// Export data of the packages that others import is the same with the
// recorder: else a program would have to be compiled anew for it.
func TestExportData(t *testing.T) {
	t.Parallel()
	t.Run("edits", func(t *testing.T) { checkExportData(t, edits) })
	t.Run("tracing", func(t *testing.T) { checkExportData(t, tracing) })
}

func checkExportData(t *testing.T, edits []edit) {
	cfg := fixture(t)
	dir := t.TempDir()
	tc, err := newToolchain(t.Context(), cfg, dir, edits, true)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(tc.close)
	if tc.toolexec == "" {
		t.Fatal("archives are not swapped")
	}
	list, err := os.ReadFile(filepath.Join(dir, "swap.sed"))
	if err != nil {
		t.Fatal(err)
	}
	data := func(file string) []byte {
		archive, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, archive, ok := bytes.Cut(archive, []byte("\n$$B\n"))
		archive, _, ok2 := bytes.Cut(archive, []byte("\n$$\n"))
		if !ok || !ok2 {
			t.Fatal("no export data found")
		}
		return archive
	}
	for _, pkg := range []string{"runtime", "testing"} {
		_, file, _ := strings.Cut(string(list), "|packagefile "+pkg+"=")
		file, _, _ = strings.Cut(file, "|")
		out, err := cfg.Command(t.Context(), "list", "-export", "-f", "{{.Export}}", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		stock, with := data(strings.TrimSpace(string(out))), data(file)
		if len(stock) < 10_000 || !bytes.Equal(stock, with) {
			t.Errorf("%s: export data differs: %d bytes without the recorder, %d with", pkg, len(stock), len(with))
		}
	}
}

// A statement that is not where it should be is found before anything is
// built.
func TestUnsupported(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	env, err := cfg.Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ file, old, new, what string }{
		{"runtime/malloc.go", "func postMallocgcDebug(", "func postMallocgcDebug2(", "runtime/malloc.go has no function postMallocgcDebug"},
		{"runtime/malloc.go", "trace.HeapObjectAlloc(", "trace.HeapObjectAlloc2(", "runtime/malloc.go: postMallocgcDebug has 0 statements trace.HeapObjectAlloc, want 1"},
		{"runtime/proc.go", "	gcenable()\n", "\n", "runtime/proc.go: main has 0 statements gcenable(), want 1"},
		{"testing/benchmark.go", "b.netBytes = 0", "b.netBytes *= 0", ""},
		{"testing/benchmark.go", "b.result = ", "b.result, b.bytes = 1, ", "testing/benchmark.go: B.launch has 0 statements b.result = …, want 1"},
		{"runtime/mstats.go", "package runtime", "package", "syntax of runtime/mstats.go"},
	} {
		goroot := t.TempDir()
		for i, e := range tracing {
			if i > 0 && tracing[i-1].file == e.file {
				continue
			}
			text, err := os.ReadFile(filepath.Join(env.GOROOT, "src", e.file))
			if err != nil {
				t.Fatal(err)
			}
			s := string(text)
			if e.file == tt.file {
				s = strings.Replace(s, tt.old, tt.new, 1)
			}
			to := filepath.Join(goroot, "src", e.file)
			os.MkdirAll(filepath.Dir(to), 0o777)
			if err := os.WriteFile(to, []byte(s), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		for name := range added {
			os.MkdirAll(filepath.Join(goroot, "src", filepath.Dir(name)), 0o777)
		}
		_, err := patched(goroot, tracing)
		var un *Unsupported
		if tt.what == "" && err != nil || tt.what != "" && (!errors.As(err, &un) || un.What != tt.what) {
			t.Errorf("%s without %q: %v", tt.file, tt.old, err)
		}
	}
	for _, env := range []gocmd.Env{
		{GOOS: "windows", GOARCH: "amd64"}, {GOOS: "linux", GOARCH: "386"},
		{GOOS: "linux", GOARCH: "arm64", GOHOSTOS: "linux", GOHOSTARCH: "amd64"},
	} {
		var un *Unsupported
		if err := supported(&env); !errors.As(err, &un) {
			t.Errorf("%s/%s: %v", env.GOOS, env.GOARCH, err)
		}
	}
}

// The lines of the files that are changed stay where they are.
func TestLines(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	env, err := cfg.Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	files, err := patched(env.GOROOT, tracing)
	if err != nil {
		t.Skip(err)
	}
	changed := 0
	for name, text := range files {
		if added[name] != nil {
			continue
		}
		old, err := os.ReadFile(filepath.Join(env.GOROOT, "src", name))
		if err != nil {
			t.Fatal(err)
		}
		a, b := strings.Split(string(old), "\n"), strings.Split(text, "\n")
		if len(a) != len(b) {
			t.Fatalf("%s: %d lines, had %d", name, len(b), len(a))
		}
		for i := range a {
			if a[i] != b[i] {
				changed++
			}
		}
	}
	if changed != len(tracing) {
		t.Errorf("%d lines changed, want %d", changed, len(tracing))
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	cfg := fixture(t)
	env, err := cfg.Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	overlay := func(from, text string) {
		t.Helper()
		to := filepath.Join(t.TempDir(), "file.go")
		cfg.Overlay = filepath.Join(t.TempDir(), "overlay.json")
		if err := os.WriteFile(to, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := gocmd.MergeOverlay(cfg.Overlay, "", map[string]string{from: to}); err != nil {
			t.Fatal(err)
		}
	}

	micro := filepath.Join(cfg.Dir, "micro.go")
	text, err := os.ReadFile(micro)
	if err != nil {
		t.Fatal(err)
	}
	overlay(micro, strings.Replace(string(text), "	b := [4]byte{", "	P = new(Point)\n	b := [4]byte{", 1))
	r := bench(t, cfg, Options{Bench: "^BenchmarkTiny$", Benchtime: "1000x"})
	if r.Err != nil || len(r.Runs) != 1 {
		t.Fatal(len(r.Runs), r.Err)
	}
	if run := r.Runs[0]; run.Recorded < 3000 || exact(run) != "" {
		t.Errorf("recorded %d, MemStats %d, want 3 an operation", run.Recorded, run.NetAllocs)
	}

	// The user's changes to the standard library move along.
	strs := filepath.Join(env.GOROOT, "src", "strings", "clone.go")
	text, err = os.ReadFile(strs)
	if err != nil {
		t.Fatal(err)
	}
	overlay(strs, string(text)+"\nvar stackwardTest = 1\n")
	dir := t.TempDir()
	tc, err := newToolchain(t.Context(), cfg, dir, edits, true)
	if err != nil {
		t.Fatal(err)
	}
	defer tc.close()
	moved, err := gocmd.ReadOverlay(filepath.Join(dir, "overlay.json"))
	if _, ok := moved[filepath.Join(tc.goroot(), "src", "strings", "clone.go")]; !ok || len(moved) != 1 || err != nil {
		t.Errorf("overlay moved to %v, %v", moved, err)
	}

	overlay(filepath.Join(env.GOROOT, "src", "runtime", "malloc.go"), "package runtime\n")
	_, err = Bench(t.Context(), cfg, Options{Bench: "Tiny"})
	var e *gocmd.Error
	if !errors.Is(err, gocmd.ErrConflict) || !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("overlay of malloc.go: %v", err)
	}
}

// Programs that are moved in memory or instrumented, and other toolchains: those
// that the go command has downloaded already.
func TestVariants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds parts of the standard library for each variant")
	}
	cfg := fixture(t)
	env, err := cfg.Environ(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Each of these needs its own standard library: hence two at a time. With a
	// -toolexec of the user's, archives cannot be swapped.
	variants := []string{"-buildmode=pie|-trimpath", "-race|-gcflags=-N -l", "-toolexec=env"}
	dirs, err := filepath.Glob(filepath.Join(env.GOMODCACHE, "golang.org", "toolchain@v0.0.1-go*."+env.GOOS+"-"+env.GOARCH))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range dirs {
		_, v, _ := strings.Cut(filepath.Base(d), "-")
		if v = strings.TrimSuffix(v, "."+env.GOOS+"-"+env.GOARCH); version.Compare(v, gocmd.Oldest) >= 0 {
			variants = append(variants, v)
		}
	}
	for _, v := range variants {
		t.Run(v, func(t *testing.T) {
			cfg := &gocmd.Config{Dir: cfg.Dir}
			if strings.HasPrefix(v, "-") {
				cfg.BuildFlags = strings.Split(v, "|")
			} else {
				cfg.Env = append(os.Environ(), "GOTOOLCHAIN="+v, "GOROOT=")
			}
			r := bench(t, cfg, Options{Bench: "^Benchmark([CGTS].*|Fmt|Map|Parallel|Loop|Nothing)$", Benchtime: "2000x"})
			if r.Err != nil {
				t.Fatalf("%v\n%s", r.Err, r.Output)
			}
			if whole := r.GOROOT == env.GOROOT; strings.HasPrefix(v, "-") && whole == (v == "-toolexec=env") {
				t.Errorf("built with GOROOT=%s", r.GOROOT)
			}
			for _, run := range r.Runs {
				if msg := exact(run); msg != "" {
					t.Errorf("%s: %s: recorded %d allocs, %d B; MemStats has %d, %d; dropped %d",
						run.Name, msg, run.Recorded, run.RecordedBytes, run.NetAllocs, run.NetBytes, run.Dropped)
				}
				if run.Recorded != run.NetAllocs || run.RecordedBytes != run.NetBytes {
					t.Logf("%s: off by %d allocs, %d bytes", run.Name, run.Recorded-run.NetAllocs, run.RecordedBytes-run.NetBytes)
				}
				if run.Name == "BenchmarkSetUp" {
					checkStack(t, cfg, r.Binary, most(run))
				}
			}
		})
	}
}

// checkStack looks the first frames of BenchmarkSetUp up in the binary.
func checkStack(t *testing.T, cfg *gocmd.Config, binary string, rec Record) {
	t.Helper()
	out, err := cfg.Command(t.Context(), "tool", "nm", "-n", binary).Output()
	if err != nil {
		t.Fatal(err)
	}
	var stack []string
	for _, pc := range rec.PCs {
		name := ""
		for line := range strings.Lines(string(out)) {
			f := strings.Fields(line)
			if len(f) < 3 {
				continue
			}
			if addr, err := strconv.ParseUint(f[0], 16, 64); err == nil && addr < pc && strings.ContainsAny(f[1], "Tt") {
				name = f[2]
			} else if addr >= pc {
				break
			}
		}
		stack = append(stack, name)
	}
	got := strings.Join(stack, " ")
	// Since go1.27 the compiler calls the size-specialised allocators itself.
	first, _, ok := strings.Cut(got, " example.com/micro.BenchmarkSetUp testing.(*B).runN ")
	if !ok || !strings.HasPrefix(first, "runtime.mallocgc") {
		t.Errorf("stack %s", got)
	}
}
