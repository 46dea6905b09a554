//go:build unix

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The benchmarks of this file hold the speed of stackward against that of the
// go command, side by side in one run, on a large module. docs/speed.md says
// how they are run and what came out.
var (
	speedDir      = flag.String("speed.dir", "", "module to measure on (GOROOT/src)")
	speedPackages = flag.String("speed.packages", "", "its packages (std, or ./... with -speed.dir)")
	speedBench    = flag.String("speed.bench", "net/http Request 200000x", "package, benchmarks and -benchtime that BenchmarkCost runs")
)

// A tree is what is measured: packages that can be built without linking, so
// that both sides do the same work.
type tree struct {
	stackward string
	dir       string
	packages  []listed
	env       []string
}

type listed struct {
	ImportPath, Name, Dir string
	GoFiles, Imports      []string
}

// measured sets the benchmark up.
func measured(b *testing.B) *tree {
	b.Helper()
	t := &tree{stackward: build(b), dir: *speedDir, env: append(os.Environ(), "GOWORK=off", "STACKWARD_CACHE="+b.TempDir())}
	pattern := cmp.Or(*speedPackages, "./...")
	if t.dir == "" {
		goroot, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			b.Fatal(err)
		}
		t.dir, pattern = filepath.Join(strings.TrimSpace(string(goroot)), "src"), cmp.Or(*speedPackages, "std")
	}
	// The dependencies are built before anything is measured.
	t.run(b, "go", append([]string{"list", "-export", "-deps"}, strings.Fields(pattern)...)...)
	out := t.run(b, "go", append([]string{"list", "-json=ImportPath,Name,Dir,GoFiles,Imports"}, strings.Fields(pattern)...)...)
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			b.Fatal(err)
		}
		if p.Name != "main" && len(p.GoFiles) > 0 && p.ImportPath != "unsafe" {
			t.packages = append(t.packages, p)
		}
	}
	if len(t.packages) == 0 {
		b.Fatalf("no packages to measure on in %s", t.dir)
	}
	b.ReportMetric(float64(len(t.packages)), "packages")
	return t
}

func (t *tree) paths() []string {
	var paths []string
	for _, p := range t.packages {
		paths = append(paths, p.ImportPath)
	}
	return paths
}

// run runs a command to its end and returns what it printed on both outputs.
func (t *tree) run(b *testing.B, name string, args ...string) []byte {
	b.Helper()
	out, _ := t.watch(b, nil, name, args...)
	return out
}

// spent is the time that a command took, and that of all processors which it
// and its children kept busy: on a machine that others use, too, the second is
// the one to compare.
type spent struct{ wall, cpu time.Duration }

func (s *spent) add(t spent) { s.wall += t.wall; s.cpu += t.cpu }

// time runs a command and returns what it took.
func (t *tree) time(b *testing.B, name string, args ...string) spent {
	b.Helper()
	_, s := t.watch(b, nil, name, args...)
	return s
}

// watch does the work of run, and hands the running process to watcher.
func (t *tree) watch(b *testing.B, watcher func(pid int), name string, args ...string) ([]byte, spent) {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = t.dir, t.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	start := time.Now()
	err := cmd.Start()
	if err == nil {
		if watcher != nil {
			watcher(cmd.Process.Pid)
		}
		err = cmd.Wait()
	}
	wall := time.Since(start)
	if err != nil {
		end := out.Bytes()
		b.Fatalf("%s %s: %v\n%s", name, args[0], err, end[max(0, len(end)-2000):])
	}
	return out.Bytes(), spent{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

// goBuild is how long the go command takes to have the compiler speak, and
// stackward how long it takes to find the sites. Extra flags are for both.
func (t *tree) goBuild(b *testing.B, gcflags string, flags, packages []string) spent {
	return t.time(b, "go", slices.Concat([]string{"build", "-gcflags=-m=2 " + gcflags}, flags, packages)...)
}

func (t *tree) find(b *testing.B, gcflags string, flags, packages []string) spent {
	return t.time(b, t.stackward, slices.Concat([]string{"find", "-gcflags=" + gcflags}, flags, packages)...)
}

// fresh is a flag of the compiler that changes nothing but what identifies a
// compilation: what it compiles is not in the build cache.
func fresh() string {
	return "-env=STACKWARD_SPEED=" + strconv.FormatInt(time.Now().UnixNano(), 36)
}

// sideBySide measures two things in turn, and the other one first every other
// time.
func sideBySide(b *testing.B, ours, theirs func() spent) (our, their spent) {
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			their.add(theirs())
			our.add(ours())
		} else {
			our.add(ours())
			their.add(theirs())
		}
	}
	n := time.Duration(b.N)
	return spent{our.wall / n, our.cpu / n}, spent{their.wall / n, their.cpu / n}
}

// BenchmarkFind holds find against go build -gcflags=-m=2 of the same packages.
func BenchmarkFind(b *testing.B) {
	// The packages are not in the build cache, their dependencies are.
	b.Run("cold", func(b *testing.B) {
		t := measured(b)
		our, their := sideBySide(b,
			func() spent { return t.find(b, fresh(), nil, t.paths()) },
			func() spent { return t.goBuild(b, fresh(), nil, t.paths()) })
		compared(b, "go-build", our, their)
	})
	// Everything is.
	b.Run("cached", func(b *testing.B) {
		t := measured(b)
		t.find(b, "", nil, t.paths())
		t.goBuild(b, "", nil, t.paths())
		our, their := sideBySide(b,
			func() spent { return t.find(b, "", nil, t.paths()) },
			func() spent { return t.goBuild(b, "", nil, t.paths()) })
		compared(b, "go-build", our, their)
	})
	// One file was edited: against the rebuilding of its package.
	b.Run("edited", func(b *testing.B) {
		t := measured(b)
		file, pkg := t.leaf(b)
		t.find(b, "", nil, t.paths())
		our, their := sideBySide(b,
			func() spent { return t.find(b, "", []string{edit(b, file)}, []string{pkg}) },
			func() spent { return t.goBuild(b, "", []string{edit(b, file)}, []string{pkg}) })
		compared(b, "go-build", our, their)
		b.ReportMetric((our.wall - their.wall).Seconds(), "s-over-rebuild")
	})
}

// BenchmarkCheck holds check of a module against its baseline, with everything
// cached, against go vet, with everything cached.
func BenchmarkCheck(b *testing.B) {
	t := measured(b)
	file := filepath.Join(b.TempDir(), "allocs.txt")
	t.run(b, t.stackward, append([]string{"check", "-baseline", file, "-update=all"}, t.paths()...)...)
	vet := func() spent { return t.spend(b, "go", append([]string{"vet"}, t.paths()...)...) }
	vet()
	var peak int64
	our, their := sideBySide(b, func() spent {
		cmd := exec.Command(t.stackward, append([]string{"check", "-baseline", file}, t.paths()...)...)
		cmd.Dir, cmd.Env = t.dir, t.env
		start := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("check: %v\n%s", err, out)
		}
		peak = max(peak, maxRSS(cmd.ProcessState))
		return spent{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	}, vet)
	compared(b, "go-vet", our, their)
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
}

// maxRSS is the most memory that a process had resident, in bytes; its children's
// do not count.
func maxRSS(p *os.ProcessState) int64 {
	const kib = 1 << 10 // the unit of linux
	return int64(p.SysUsage().(*syscall.Rusage).Maxrss) * kib
}

// BenchmarkFix holds fix without benchmarks on a whole module, its tests included,
// against go test of the same: once to build and run all tests, and once to run them
// alone. It writes nothing. The packages are not in the build cache, their
// dependencies are.
func BenchmarkFix(b *testing.B) {
	t := measured(b)
	var took, built, ran spent
	var sites, proposals int
	for b.Loop() {
		out, s := t.watch(b, nil, t.stackward, slices.Concat([]string{"fix", "-format=json", "-timeout=5m", "-gcflags=" + fresh()}, t.paths())...)
		took.add(s)
		// Standard error has the progress, before or after.
		sites, proposals = bytes.Count(out, []byte(`{"site":{`)), bytes.Count(out, []byte(`"proof":`))
		flags := []string{"test", "-count=1", "-timeout=5m", "-gcflags=" + fresh()}
		built.add(t.spend(b, "go", slices.Concat(flags, t.paths())...))
		ran.add(t.spend(b, "go", slices.Concat(flags, t.paths())...))
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(took.wall.Seconds()/n, "s")
	b.ReportMetric(took.cpu.Seconds()/n, "cpu-s")
	b.ReportMetric(built.cpu.Seconds()/n, "go-test-cpu-s")
	b.ReportMetric(ran.cpu.Seconds()/n, "go-test-again-cpu-s")
	b.ReportMetric(took.cpu.Seconds()/built.cpu.Seconds(), "cpu-x-of-go-test")
	b.ReportMetric(float64(sites), "sites")
	b.ReportMetric(float64(proposals), "compiled")
}

// spend is what a command takes that may fail, as go vet and go test do where they
// find something.
func (t *tree) spend(b *testing.B, name string, args ...string) spent {
	b.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = t.dir, t.env
	start := time.Now()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		b.Fatal(err)
	}
	return spent{time.Since(start), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
}

func compared(b *testing.B, command string, our, their spent) {
	b.ReportMetric(0, "ns/op") // of both together, which says nothing
	b.ReportMetric(our.wall.Seconds(), "s")
	b.ReportMetric(their.wall.Seconds(), command+"-s")
	b.ReportMetric(our.wall.Seconds()/their.wall.Seconds(), "x-of-"+command)
	b.ReportMetric(our.cpu.Seconds()/their.cpu.Seconds(), "cpu-x-of-"+command)
}

// leaf is the largest file of the packages that no other imports: its edit
// has one package rebuilt.
func (t *tree) leaf(b *testing.B) (file, pkg string) {
	b.Helper()
	imported := make(map[string]bool)
	for _, p := range t.packages {
		for _, imp := range p.Imports {
			imported[imp] = true
		}
	}
	var most int64
	for _, p := range t.packages {
		if imported[p.ImportPath] {
			continue
		}
		for _, f := range p.GoFiles {
			name := filepath.Join(p.Dir, f)
			if st, err := os.Stat(name); err == nil && st.Size() > most {
				most, file, pkg = st.Size(), name, p.ImportPath
			}
		}
	}
	return file, pkg
}

// edit is an -overlay flag in which a file has a function more than before.
func edit(b *testing.B, file string) string {
	b.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	edited := filepath.Join(dir, filepath.Base(file))
	text = fmt.Appendf(text, "\nfunc stackwardSpeed%d() *int { return new(int) }\n", time.Now().UnixNano())
	if err := os.WriteFile(edited, text, 0o666); err != nil {
		b.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {file: edited}})
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(name, overlay, 0o666); err != nil {
		b.Fatal(err)
	}
	return "-overlay=" + name
}

// BenchmarkMemory measures the peak memory of stackward itself, its children
// not counted, for as many packages as it takes to have the compiler print
// 200,000 lines.
func BenchmarkMemory(b *testing.B) {
	t := measured(b)
	const want = 200_000
	lines := 0
	var packages []string
	for section := range strings.SplitSeq("\n"+string(t.run(b, "go", append([]string{"build", "-gcflags=-m=2"}, t.paths()...)...)), "\n# ") {
		if path, text, ok := strings.Cut(section, "\n"); ok && lines < want && path != "" {
			packages = append(packages, path)
			lines += strings.Count(text, "\n")
		}
	}
	t.find(b, "", nil, packages)
	var peak float64
	for b.Loop() {
		done := make(chan float64)
		stop := make(chan bool)
		t.watch(b, func(pid int) {
			go func() { done <- highWater(pid, stop) }()
		}, t.stackward, append([]string{"find"}, packages...)...)
		close(stop)
		peak = max(peak, <-done)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(lines), "lines")
	if peak > 0 {
		b.ReportMetric(peak, "peak-MB")
	}
}

var vmHWM = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// highWater follows a process to its end and returns the most memory it had
// resident, in MB; 0 where the system does not tell. What wait4 tells holds the
// children, too.
func highWater(pid int, stop <-chan bool) (mb float64) {
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // none at its end
		if m := vmHWM.FindSubmatch(status); m != nil {
			kb, _ := strconv.ParseFloat(string(m[1]), 64)
			mb = max(mb, kb*1024/1e6)
		}
		select {
		case <-stop:
			return mb
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// BenchmarkCost holds cost -bench against go test -bench with as many
// iterations and one build: the recorder is in the build cache, and the test
// binary of both is linked anew.
func BenchmarkCost(b *testing.B) {
	t := measured(b)
	f := strings.Fields(*speedBench)
	if len(f) != 3 {
		b.Fatalf("-speed.bench=%q is no package, benchmarks and -benchtime", *speedBench)
	}
	flags := []string{"-bench=" + f[1], "-benchtime=" + f[2]}
	cost := func() spent {
		return t.time(b, t.stackward, slices.Concat([]string{"cost"}, flags, f[:1])...)
	}
	var linked spent
	test := func() spent {
		linked.add(t.time(b, "go", "test", "-c", "-o", os.DevNull, "-vet=off", f[0]))
		return t.time(b, "go", slices.Concat([]string{"test", "-run=^$", "-vet=off", "-benchmem"}, flags, f[:1])...)
	}
	cost() // so that the recorder is built
	test()
	linked = spent{}
	our, their := sideBySide(b, cost, test)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(our.wall.Seconds(), "s")
	b.ReportMetric(their.wall.Seconds(), "go-test-s")
	build := linked.wall.Seconds() / float64(b.N)
	b.ReportMetric(build, "build-s")
	b.ReportMetric((our.wall.Seconds()-build)/their.wall.Seconds(), "x-of-go-test")
}
