package objscan

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

// stacks prints, for stacks of each kind, the PCs and what
// runtime.CallersFrames makes of them.
const stacks = `package main

import (
	"fmt"
	"runtime"
	"sort"
	"strings"
	"sync"
)

//go:noinline
func show() {
	pcs := make([]uintptr, 50)
	n := runtime.Callers(1, pcs)
	// Callers returns a PC for each logical frame; one PC at a time, without
	// those after it, is expanded to the frames inlined at it.
	frames := runtime.CallersFrames(pcs[:n])
	fmt.Print("S")
	for _, pc := range pcs[:n] {
		fmt.Printf(" %d", pc)
	}
	fmt.Println()
	for {
		f, more := frames.Next()
		fmt.Printf("F\t%d\t%s\t%s\t%d\t%t\n", f.PC, f.Function, f.File, f.Line, f.Func == nil)
		if !more {
			break
		}
	}
	if after != nil {
		after()
	}
}

var after func()

func leaf()         { show() }
func middle()       { leaf() }
func outer(n int)   { if n > 0 { middle() } }

type shape interface{ Area(int) int }
type square struct{ side int }

//go:noinline
func (s square) Area(n int) int { show(); return s.side * n }

type small struct{ side int }

func (s small) Area(n int) int { show(); return s.side * n } // inlined into its wrapper

type outerShape struct{ shape }

type stack[E any] struct{ items []E }

//go:noinline
func (s *stack[E]) push(e E) { s.items = append(s.items, e); show() }

func apply[T, U any](v T, f func(T) U) U { return f(v) }

//go:noinline
func deferred() {
	defer leaf()
	defer func() {
		recover()
		show()
	}()
	var p *square
	_ = p.side
}

//go:noinline
func viaInterface(s shape) int { return s.Area(2) }

//go:noinline
func call(f func(int) int) { f(1) }

func main() {
	show()
	outer(1)
	func() { middle() }()
	viaInterface(&square{1})
	viaInterface(square{2})
	viaInterface(&small{3})
	viaInterface(small{3})
	viaInterface(outerShape{square{4}})
	call(square{5}.Area)
	call(small{5}.Area)
	call((&outerShape{small{6}}).Area)
	(&stack[string]{}).push("x")
	(&stack[map[string][]int]{}).push(nil)
	apply(1, func(n int) string { show(); return "" })
	apply("s", func(s string) []int { middle(); return nil })
	deferred()
	strings.Map(func(r rune) rune { show(); return r }, "x")
	sort.Slice([]int{1, 2}, func(i, j int) bool { show(); return false })
	var wg sync.WaitGroup
	wg.Add(1)
	go func(n int) { defer wg.Done(); outer(n) }(1)
	wg.Wait()
	wg.Add(1)
	after = wg.Done
	go square{7}.Area(1)
	wg.Wait()
	after = nil
	wg.Add(1)
	go func() { defer wg.Done(); leaf() }()
	wg.Wait()
	var once sync.Once
	once.Do(middle)
	for i := range seq { _ = i; show() }
}

func seq(yield func(int) bool) { yield(1) }
`

// TestFramesConfirm holds Frames against the runtime itself.
func TestFramesConfirm(t *testing.T) {
	t.Parallel()
	dir := writeModule(t, "example.com/stacks.v1", "main.go", stacks)
	builds := map[string][]string{
		"plain": nil, "stripped": {"-ldflags=-s -w"}, "trimpath": {"-trimpath"}, "pie": {"-buildmode=pie"},
	}
	envs := toolchains()
	for name, env := range envs {
		for build, flags := range builds {
			t.Run(name+"/"+build, func(t *testing.T) {
				t.Parallel()
				exe := filepath.Join(t.TempDir(), "exe")
				goCmd(t, dir, env, append(append([]string{"build", "-o", exe}, flags...), ".")...)
				b, err := OpenBinary(exe)
				if err != nil {
					t.Fatal(err)
				}
				defer b.Close()
				out, err := exec.Command(exe).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				confirm(t, b, out, build == "pie")
			})
		}
	}
}

func confirm(t *testing.T, b *Binary, out []byte, pie bool) {
	t.Helper()
	stacks := 0
	var shift uint64
	var pcs []uint64
	var want []alloc.Frame
	check := func() {
		if len(pcs) == 0 {
			return
		}
		stacks++
		var got []alloc.Frame
		for _, pc := range pcs {
			// PCs for frames that the runtime has expanded already are a
			// no-op away from those of the physical frame.
			fs := b.Frames(pc - shift)
			if len(fs) == 0 {
				t.Errorf("no frames at %#x", pc)
				continue
			}
			got = append(got, fs[0])
		}
		for i := range got {
			got[i].Inlined = want[min(i, len(want)-1)].Inlined
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("stack %d (-runtime +Frames):\n%s", stacks, d)
		}
		// The whole chain from the innermost PC of each physical frame.
		var chain []alloc.Frame
		for i := 0; i < len(pcs); {
			fs := b.Frames(pcs[i] - shift)
			chain = append(chain, fs...)
			i += max(len(fs), 1)
		}
		if d := cmp.Diff(want, chain); d != "" {
			t.Errorf("stack %d, expanded (-runtime +Frames):\n%s", stacks, d)
		}
	}
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		line := s.Text()
		switch {
		case strings.HasPrefix(line, "S"):
			check()
			pcs, want = nil, nil
			for _, f := range strings.Fields(line)[1:] {
				pc, err := strconv.ParseUint(f, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				pcs = append(pcs, pc)
			}
			if pie && shift == 0 {
				start, _ := b.image.symbols("main.show")
				shift = (pcs[0] - start) &^ 0xfff
			}
		case strings.HasPrefix(line, "F"):
			f := strings.Split(line, "\t")
			n, _ := strconv.Atoi(f[4])
			// small.Area is inlined into its wrapper, which is left out.
			inlined := f[5] == "true" && !strings.HasSuffix(f[2], "small.Area")
			want = append(want, alloc.Frame{Func: funcName(f[2], "example.com/stacks.v1"), File: f[3], Line: n, Inlined: inlined})
		}
	}
	check()
	if stacks < 20 {
		t.Errorf("only %d stacks: %s", stacks, out)
	}
}

func TestFuncStart(t *testing.T) {
	t.Parallel()
	dir := writeModule(t, "example.com/stacks.v1", "main.go", stacks)
	exe := filepath.Join(t.TempDir(), "exe")
	goCmd(t, dir, nil, "build", "-o", exe, ".")
	b, err := OpenBinary(exe)
	if err != nil {
		t.Fatal(err)
	}
	want := alloc.Pos{
		File: filepath.ToSlash(filepath.Join(dir, "main.go")),
		Line: strings.Count(stacks[:strings.Index(stacks, "func (s *stack[E]) push")], "\n") + 1,
	}
	if got, ok := b.FuncStart("example.com/stacks.v1.(*stack[...]).push"); !ok || got != want {
		t.Errorf("FuncStart = %v, %t, want %v", got, ok, want)
	}
	if got, ok := b.FuncStart("example.com/stacks.v1.none"); ok {
		t.Errorf("FuncStart of a function that is not there = %v", got)
	}
	if b.TextStart() == 0 {
		t.Error("TextStart is 0")
	}
	if got := b.Frames(b.TextStart() - 1); got != nil {
		t.Errorf("Frames before the text = %v", got)
	}
	if got := fmt.Sprint(b.Frames(1<<63), b.Frames(0)); got != "[] []" {
		t.Errorf("Frames far from the text = %s", got)
	}
}
