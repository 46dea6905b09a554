package objscan

import (
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const stackSource = `package main

import "fmt"

//go:noinline
func big() (n int) {
	var buf [60000]byte
	fill(buf[:])
	return int(buf[7])
}

//go:noinline
func fill(b []byte) { b[7] = byte(len(b)) }

//go:nosplit
func quiet(n int) int {
	var a [8]int
	a[n&7] = n
	return a[3]
}

//go:noinline
func leaf(n int) int { return n + 1 }

func down(n int) int {
	if n == 0 {
		return 0
	}
	return down(n-1) + leaf(n)
}

type shape interface{ area() int }

type square struct{ a, b, c int }

func (s square) area() int { return s.a * s.b }

//go:noinline
func through(s shape, f func() int) int { return s.area() + f() }

func each[T any](list []T, f func(T)) {
	for _, x := range list {
		f(x)
	}
}

//go:noinline
func unlock(n *int) { *n-- }

func deferring(n int) int {
	defer unlock(&n)
	return leaf(n)
}

//go:noinline
func loop(c chan int, n int) { c <- n }

func starts(f func()) {
	c := make(chan int)
	go loop(c, 7)
	go func() { c <- 1 }()
	go f()
	<-c
}

func main() {
	starts(func() {})
	n := 3
	each([]int{1, 2}, func(x int) { n += x })
	fmt.Println(big(), quiet(1), down(3), through(square{}, func() int { return n }), deferring(4))
}
`

func stackOf(t *testing.T, env []string) (dir string, funcs map[string]*StackFunc) {
	t.Helper()
	dir = writeModule(t, "example.com/m", "m.go", stackSource)
	s, err := NewScanner(archivesOf(t, dir, env, "."))
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Stack("example.com/m")
	if err != nil {
		t.Fatal(err)
	}
	funcs = make(map[string]*StackFunc)
	for i := range list {
		f := &list[i]
		funcs[strings.TrimPrefix(f.Name, "example.com/m.")] = f
	}
	return dir, funcs
}

// TestStackFrames holds frames to what the compiler prints of them.
func TestStackFrames(t *testing.T) {
	t.Parallel()
	for _, goarch := range []string{"amd64", "arm64"} {
		t.Run(goarch, func(t *testing.T) {
			t.Parallel()
			env := []string{"GOOS=linux", "GOARCH=" + goarch}
			dir, funcs := stackOf(t, env)
			cmd := exec.Command("go", "build", "-o", "/dev/null", "-gcflags=-S", ".")
			cmd.Dir, cmd.Env = dir, append(cmd.Environ(), append(env, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			compared := 0
			head := regexp.MustCompile(`(?m)^main\.(\S+) STEXT .*size=\S+ args=\S+ locals=0x([0-9a-f]+).*\n`)
			for _, at := range head.FindAllStringSubmatchIndex(string(out), -1) {
				f := funcs[string(out[at[2]:at[3]])]
				if f == nil {
					continue // an instance's name is folded
				}
				compared++
				locals, _ := strconv.ParseInt(string(out[at[4]:at[5]]), 16, 64)
				// Elsewhere than on amd64 the frame holds the saved registers, too.
				if got := int64(f.Bytes); got < locals || got > locals+32 || goarch == "amd64" && got != locals {
					t.Errorf("%s: %d bytes, the compiler says %d", f.Name, got, locals)
				}
				body, _, _ := strings.Cut(string(out[at[1]:]), " STEXT ")
				if check := strings.Contains(body, "runtime.morestack"); check != f.Check {
					t.Errorf("%s: check %t, the compiler's code %t", f.Name, f.Check, check)
				}
			}
			if compared < 12 {
				t.Errorf("only %d functions compared", compared)
			}
		})
	}
}

func TestStackCalls(t *testing.T) {
	t.Parallel()
	if runtime.GOARCH != "amd64" {
		t.Skip("keys of calls are those of amd64")
	}
	_, funcs := stackOf(t, nil)
	calls := func(name string) (to []string, dynamic int) {
		f := funcs[name]
		if f == nil {
			t.Fatalf("no function %s", name)
		}
		for _, c := range f.Calls {
			if c.To == "" {
				dynamic++
			} else {
				to = append(to, c.To)
			}
		}
		return to, dynamic
	}
	if to, _ := calls("down"); !slices.Equal(to, []string{"main.down<example.com/m>", "main.leaf<example.com/m>"}) {
		t.Errorf("down calls %q: the call of itself counts", to)
	}
	if _, dynamic := calls("through"); dynamic != 2 {
		t.Errorf("through calls %d through pointers, want 2", dynamic)
	}
	if got, want := funcs["starts"].Starts, []string{"main.starts.gowrap1<example.com/m>", "main.starts.func1<example.com/m>", ""}; !slices.Equal(got, want) {
		t.Errorf("starts starts %q, want %q", got, want)
	}
	if got := funcs["deferring"].Deferred; !slices.Equal(got, []string{"main.deferring.deferwrap1<example.com/m>"}) {
		t.Errorf("deferring defers %q", got)
	}
	if f := funcs["big"]; f.Calls[0].Used != f.Bytes+8 || f.Line != 6 || !strings.HasSuffix(f.File, "/m.go") {
		t.Errorf("big: %+v", f)
	}
	if f := funcs["quiet"]; f.Check || f.Bytes < 64 {
		t.Errorf("quiet: %+v", f)
	}
}
