package engine

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
)

func stacksOf(t *testing.T, dir string) map[string]*alloc.Stack {
	t.Helper()
	r, err := Stack(t.Context(), StackRequest{Build: Build{Dir: dir}, Chain: true})
	if err != nil {
		t.Fatal(err)
	}
	stacks := make(map[string]*alloc.Stack)
	for _, s := range r.FuncStacks {
		stacks[strings.TrimPrefix(s.Func, "example.com/m.")] = s
	}
	return stacks
}

// sweep adds functions with frames of many sizes, on both sides of where the stack
// is too small, and returns how many.
func sweep(t *testing.T, dir string) (n int) {
	t.Helper()
	var funcs, starts strings.Builder
	for size := 8; size < 9000; size += 24 + size/8 {
		n++
		fmt.Fprintf(&funcs, "//go:noinline\nfunc a%[1]d() { var a [%[1]d]byte; leaf(a[:]) }\n", size)
		fmt.Fprintf(&funcs, "//go:noinline\nfunc b%[1]d() { var a [%[2]d]byte; leaf(a[:]); a%[1]d() }\n", size, size/2+1)
		fmt.Fprintf(&funcs, "func goSize%[1]d() { b%[1]d(); tell(\"goSize%[1]d\") }\n\n", size)
		fmt.Fprintf(&starts, "\tgo goSize%d()\n", size)
	}
	src := fmt.Sprintf("package main\n\nconst swept = %d\n\n%sfunc startSwept() {\n%s}\n", n, &funcs, &starts)
	if err := os.WriteFile(filepath.Join(dir, "swept.go"), []byte(src), 0o666); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestStackConfirm runs goroutines down chains and compares the stacks that they end
// with to those predicted. Where one allocates, what is predicted must hold it.
func TestStackConfirm(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the fixture has no assembly for this target")
	}
	data, err := os.ReadFile("testdata/stack.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir := extract(t, txtar.Parse(data))
	swept := sweep(t, dir)
	stacks := stacksOf(t, dir)
	cmd := exec.Command("go", "run", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen, sizes := 0, make(map[int64]bool)
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var name string
		var real int64
		if _, err := fmt.Sscan(lines.Text(), &name, &real); err != nil {
			t.Fatalf("%q: %v", lines.Text(), err)
		}
		s := stacks[name]
		if s == nil {
			t.Errorf("no function %s", name)
			continue
		}
		seen++
		sizes[real] = true
		if s.Entry != alloc.EntryGo {
			t.Errorf("%s: entry %q", name, s.Entry)
		}
		if s.Size < real || s.Size != real && name != "goAllocating" {
			t.Errorf("%s: %d bytes predicted, %d real: %+v", name, s.Size, real, s.Chain)
		}
	}
	if seen != 13+swept || len(sizes) < 4 {
		t.Errorf("%d chains of %d sizes", seen, len(sizes))
	}
}
