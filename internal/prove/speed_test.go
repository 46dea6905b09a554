//go:build unix

package prove

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/rewrite"
)

var speedPackage = flag.String("speed.package", ".", "directory of the package that BenchmarkCompile changes")

// BenchmarkCompile holds what the compiler's part of a proof is, finding the sites
// of a package in which one file is another, against go build of the same, in
// turns: its dependencies are in the build cache. CPU time is that of this
// process and its children.
func BenchmarkCompile(b *testing.B) {
	dir, err := filepath.Abs(*speedPackage)
	if err != nil {
		b.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		b.Fatalf("no package in %s", dir)
	}
	file := files[0]
	src, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	w, err := newWork(ctx, Request{Build: engine.Build{Dir: dir, Cache: b.TempDir()}})
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(w.dir)
	changed := func() rewrite.Tree {
		text := fmt.Appendf(bytes.Clone(src), "\nfunc stackwardSpeed%d() *int { return new(int) }\n", time.Now().UnixNano())
		return rewrite.Tree{filepath.ToSlash(file): text}
	}
	proof := func() {
		if _, err := w.find(ctx, changed(), []string{"."}); err != nil {
			b.Fatal(err)
		}
	}
	build := func() {
		overlay, err := w.overlay(changed())
		if err != nil {
			b.Fatal(err)
		}
		cmd := exec.Command("go", "build", "-o", os.DevNull, "-overlay="+overlay, ".")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
	}
	var wall, cpu [2]time.Duration
	sides := [2]func(){proof, build}
	proof() // so that what is kept is
	for i := 0; b.Loop(); i++ {
		for k := range sides {
			side := (i + k) % 2
			start, used := time.Now(), processors(b)
			sides[side]()
			wall[side] += time.Since(start)
			cpu[side] += processors(b) - used
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(wall[0].Seconds()/float64(b.N), "s")
	b.ReportMetric(float64(wall[0])/float64(wall[1]), "x-of-go-build")
	b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "cpu-x-of-go-build")
}

// processors is the CPU time of this process and the children that have ended.
func processors(b *testing.B) (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}
