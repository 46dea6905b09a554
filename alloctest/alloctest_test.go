package alloctest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"github.com/stackward-go/stackward/alloctest"
)

// What the functions under test make is put here.
var (
	kept      any
	pointer   *int
	big       *[100]int
	character *byte
	text      string
	list      []int
)

//go:noinline
func deep(n int) {
	if n > 0 {
		deep(n - 1)
		return
	}
	big = new([100]int)
}

func TestAllocs(t *testing.T) {
	skipInstrumented(t)
	i := 0
	pool := sync.Pool{New: func() any { return new([100]int) }}
	buf := make([]int, 0, 8)
	done := make(chan bool)
	tests := []struct {
		name string
		f    func()
		want float64
	}{
		{"nothing", func() { i++ }, 0},
		{"one", func() { pointer = new(int) }, 1},
		{"one byte", func() { character = new(byte) }, 1},
		{"three tiny ones", func() { character = new(byte); pointer = new(int); text = string([]byte{byte(i), 1, 2}) }, 3},
		{"many tiny ones", func() {
			for range 50 {
				character = new(byte)
			}
		}, 50},
		{"large", func() { big = new([100]int) }, 1},
		{"99 of 100", func() { // testing.AllocsPerRun: 0
			if i++; i%100 != 0 {
				big = new([100]int)
			}
		}, 0.99},
		{"every second", func() {
			if i++; i%2 == 0 {
				pointer = new(int)
			}
		}, 0.5},
		{"pool", func() { pool.Put(pool.Get()) }, 0},
		{"a collection in each run", func() { runtime.GC() }, 0},
		{"grows at first", func() {
			if len(list) < 50 {
				list = append(list, 1)
			}
		}, 0},
		{"buffer", func() { buf = append(buf[:0], 1, 2, 3) }, 0},
		{"deeper than the profile", func() { deep(1000) }, 1},
		{"goroutine", func() {
			go func() { big = new([100]int); done <- true }()
			<-done
		}, 1 + 1}, // the closure of the go statement is the second
		{"yields", func() { runtime.Gosched() }, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := alloctest.Allocs(test.f); got != test.want {
				t.Errorf("got %v allocs/run, want %v", got, test.want)
			}
		})
	}
}

// noise allocates in other goroutines until the test has ended.
func noise(t *testing.T) {
	stop := make(chan bool)
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			var a *[10]int
			var b *byte
			for {
				select {
				case <-stop:
					runtime.KeepAlive(a)
					runtime.KeepAlive(b)
					return
				default:
					a, b = new([10]int), new(byte)
					*a, *b = [10]int{}, 0
					kept = fmt.Sprint(a[0], *b)
					runtime.Gosched()
				}
			}
		}()
	}
	t.Cleanup(func() {
		close(stop)
		wg.Wait()
	})
}

// TestNoise measures functions that let other goroutines run, which allocate.
func TestNoise(t *testing.T) {
	skipInstrumented(t)
	noise(t)
	n := 0
	for range 3 {
		alloctest.Zero(t, func() { n++ })
		alloctest.Zero(t, func() { runtime.Gosched(); runtime.Gosched() })
		if got := alloctest.Allocs(func() { runtime.Gosched(); big = new([100]int); runtime.Gosched() }); got != 1 {
			t.Errorf("got %v allocs/run beside others, want 1", got)
		}
		var fails fake
		alloctest.Zero(&fails, func() { runtime.Gosched(); pointer = new(int); runtime.Gosched() })
		if fails.failed == "" {
			t.Error("does not see one small object beside others")
		}
	}
}

func TestParallel(t *testing.T) {
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			n, made := 0, new(any)
			for range 20 {
				alloctest.Zero(t, func() { n++ })
				alloctest.AtMost(t, 1, func() { *made = new([5]int) })
			}
		})
	}
}

// A fake is a test that keeps what it is told.
type fake struct {
	testing.TB
	failed, logged string
}

func (f *fake) Helper()                         {}
func (f *fake) Error(args ...any)               { f.failed += fmt.Sprint(args...) + "\n" }
func (f *fake) Logf(format string, args ...any) { f.logged += fmt.Sprintf(format, args...) + "\n" }

func TestAtMost(t *testing.T) {
	skipInstrumented(t)
	i := 0
	half := func() {
		if i++; i%2 == 0 {
			big = new([100]int)
		}
	}
	rare := func() {
		if i++; i%1000 == 0 {
			big = new([100]int)
		}
	}
	tests := []struct {
		n    float64
		f    func()
		want string // what the message begins with
	}{
		{0.5, half, ""},
		{1, half, ""},
		{0.49, half, "alloctest: 0.5 allocs/run, want at most 0.49 (the least of 5 rounds of 100 runs)"},
		{0.001, rare, ""},
		{0.0002, rare, "alloctest: 0.001 allocs/run, want at most 0.0002 (the least of 5 rounds of 5000 runs)"},
		{2, func() { big = new([100]int); kept = new([100]string) }, ""},
		{1, func() { big = new([100]int); kept = new([100]string) }, "alloctest: 2 allocs/run, want at most 1"},
	}
	for _, test := range tests {
		var fails fake
		alloctest.AtMost(&fails, test.n, test.f)
		if !strings.HasPrefix(fails.failed, test.want) || test.want == "" && fails.failed != "" {
			t.Errorf("AtMost(%v): got %q, want %q", test.n, fails.failed, test.want)
		}
	}
}

// TestRestores ends f in each way there is and looks whether the process is as
// it was.
func TestRestores(t *testing.T) {
	procs := runtime.GOMAXPROCS(3)
	defer runtime.GOMAXPROCS(procs)
	percent := debug.SetGCPercent(77)
	defer debug.SetGCPercent(percent)
	limit := debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(limit)
	rate := runtime.MemProfileRate

	n := 0
	late := func(end func()) func() { // in the second method
		n = 0
		return func() {
			big = new([100]int)
			if n++; n > 550 {
				end()
			}
		}
	}
	tests := []struct {
		name string
		f    func()
	}{
		{"returns", func() {}},
		{"allocates", func() { big = new([100]int) }},
		{"panics", func() { panic("f") }},
		{"exits", func() { runtime.Goexit() }},
		{"panics late", late(func() { panic("f") })},
		{"exits late", late(func() { runtime.Goexit() })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n = 0
			recovered := make(chan any)
			go func() {
				defer func() { recovered <- recover() }()
				alloctest.Allocs(test.f)
			}()
			if r := <-recovered; (r != nil) != strings.HasPrefix(test.name, "panics") {
				t.Errorf("recovered %v", r)
			}
			if got := runtime.GOMAXPROCS(0); got != 3 {
				t.Errorf("GOMAXPROCS is %d, was 3", got)
			}
			if got := debug.SetGCPercent(77); got != 77 {
				t.Errorf("GOGC is %d, was 77", got)
			}
			if got := debug.SetMemoryLimit(-1); got != 1<<40 {
				t.Errorf("GOMEMLIMIT is %d, was 1 TiB", got)
			}
			if got := runtime.MemProfileRate; got != rate {
				t.Errorf("MemProfileRate is %d, was %d", got, rate)
			}
			alloctest.Allocs(func() {}) // hangs if the lock is held
		})
	}
}

func TestFailNow(t *testing.T) {
	ended := make(chan bool)
	go func() {
		defer close(ended)
		alloctest.Zero(&testing.T{}, func() { runtime.Goexit() }) // as FailNow does
	}()
	<-ended
	alloctest.Zero(t, func() {})
}

func TestNested(t *testing.T) {
	skipInstrumented(t)
	defer func() {
		if r := recover(); r != "alloctest: called by a function that is being measured" {
			t.Errorf("recovered %v", r)
		}
	}()
	alloctest.Zero(t, func() { alloctest.Zero(t, func() {}) })
}

// TestNoCommand looks for the causes without a go command.
func TestNoCommand(t *testing.T) {
	skipInstrumented(t)
	t.Setenv("PATH", t.TempDir())
	var fails fake
	alloctest.Zero(&fails, func() { big = new([100]int) })
	if want := "cause not known: there is no go command here"; !strings.Contains(fails.failed, want) {
		t.Errorf("got %q, want %q in it", fails.failed, want)
	}
}

// TestOtherCommand has a go command of another version.
func TestOtherCommand(t *testing.T) {
	skipInstrumented(t)
	if runtime.GOOS == "windows" {
		t.Skip("the command is a shell script")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "go"), []byte("#!/bin/sh\necho go1.0\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	var fails fake
	alloctest.Zero(&fails, func() { big = new([100]int) })
	want := fmt.Sprintf("cause not known: this program was built by %s, the go command here is of go1.0", runtime.Version())
	if !strings.Contains(fails.failed, want) {
		t.Errorf("got %q, want %q in it", fails.failed, want)
	}
}

func BenchmarkZero(b *testing.B) {
	n := 0
	for range b.N {
		alloctest.Zero(b, func() { n++ })
	}
}

func BenchmarkAllocsPerRun(b *testing.B) {
	n := 0
	for range b.N {
		testing.AllocsPerRun(100, func() { n++ })
	}
}

// BenchmarkFailing is what it costs to find the sites, without their causes.
func BenchmarkFailing(b *testing.B) {
	for range b.N {
		alloctest.Allocs(func() { big = new([100]int) })
	}
}
