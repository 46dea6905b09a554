package recorder

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/internal/gocmd"
)

const fixture = `package m

import (
	"fmt"
	"testing"
)

var (
	sinkInt   *int64
	sinkBytes []byte
	sinkAny   any
	sinkStr   string
)

func BenchmarkTiny(b *testing.B) {
	for i := 0; i < b.N; i++ {
		sinkInt = new(int64)
	}
}

func BenchmarkSetup(b *testing.B) {
	for i := 0; i < 1000000; i++ {
		sinkBytes = make([]byte, 32)
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		sinkBytes = make([]byte, 64)
		sinkAny = i + 1000
		sinkStr = fmt.Sprint(i)
	}
}

func BenchmarkStop(b *testing.B) {
	for i := 0; i < b.N; i++ {
		b.StopTimer()
		for j := 0; j < 10; j++ {
			sinkBytes = make([]byte, 32)
		}
		b.StartTimer()
		sinkBytes = make([]byte, 64)
	}
}

func BenchmarkLoop(b *testing.B) {
	m := map[int]int{}
	for b.Loop() {
		m[len(m)] = 1
		sinkBytes = make([]byte, 64)
	}
}

func BenchmarkSub(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for i := 0; i < b.N; i++ {
				for j := 0; j < n; j++ {
					sinkBytes = make([]byte, 64)
				}
			}
		})
	}
}

func BenchmarkParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_ = fmt.Sprintf("%d %s", 1000, "x")
		}
	})
}
`

// TestBench holds what was recorded against what package testing counted in
// the same run, and against the plain binary.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/m\n\ngo 1.24\n", "m_test.go": fixture} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	res, err := Bench(t.Context(), &gocmd.Config{Dir: dir}, "example.com/m", dir, Options{Bench: ".", Benchtime: "2000x"})
	if err != nil {
		t.Fatal(err)
	}
	plain := make(map[string]Plain)
	for _, p := range res.Plain {
		name := strings.TrimPrefix(p.Name, "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		plain[name] = p
	}
	var names []string
	for _, r := range res.Runs {
		names = append(names, r.Name)
		objects, bytes := r.Recorded()
		if d := math.Abs(objects-float64(r.NetAllocs)) / float64(r.N); d > 0.005 || r.Dropped != 0 {
			t.Errorf("%s: recorded %v of %d objects, dropped %d", r.Name, objects, r.NetAllocs, r.Dropped)
		}
		// Some objects of the runtime's own fall between its counters and the
		// recorder's switch.
		if d := math.Abs(bytes - float64(r.NetBytes)); d > 8192 {
			t.Errorf("%s: recorded %v of %d bytes", r.Name, bytes, r.NetBytes)
		}
		p, ok := plain["Benchmark"+r.Name]
		if !ok {
			p, ok = plain[strings.TrimPrefix(r.Name, "Benchmark")]
		}
		if !ok {
			t.Errorf("%s: not among the plain results %v", r.Name, plain)
			continue
		}
		if got := float64(r.NetAllocs / r.N); got != p.AllocsPerOp {
			t.Errorf("%s: %v allocs/op with the recorder, %v without", r.Name, got, p.AllocsPerOp)
		}
	}
	if got, want := strings.Join(names, " "), "BenchmarkTiny BenchmarkSetup BenchmarkStop BenchmarkLoop BenchmarkSub/1 BenchmarkSub/2 BenchmarkParallel"; got != want {
		t.Errorf("ran %s\nwant %s", got, want)
	}
}
