package pprof

import (
	"bytes"
	"testing"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
)

func TestWrite(t *testing.T) {
	r := &alloc.Report{
		Root: "/root",
		Sites: []*alloc.Site{
			{ID: "fmt.Sprint#x#1", Package: "fmt", Func: "Sprint", Pos: alloc.Pos{File: "/go/print.go", Line: 9}, Kind: alloc.String, Cause: alloc.Conversion},
		},
		Benchmarks: []*alloc.Benchmark{{Name: "BenchmarkF", Package: "m", N: 200, AllocsPerOp: 2, UnexplainedAllocsPerOp: 0.5}},
		Costs: []*alloc.Cost{{
			Site: "fmt.Sprint#x#1", Source: "BenchmarkF", Package: "m", AllocsPerOp: 1.5, BytesPerOp: 16,
			Via: []alloc.Frame{{Func: "m.F", File: "a.go", Line: 3}, {Func: "fmt.Sprint", File: "/go/print.go", Line: 9}},
		}},
	}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&b)
	if err != nil {
		t.Fatal(err)
	}
	s := p.Sample[0]
	if s.Value[0] != 300 || s.Value[1] != 3200 || s.Label["cause"][0] != "conversion" || len(s.Location) != 2 ||
		s.Location[0].Line[0].Function.Name != "fmt.Sprint" || s.Location[1].Line[0].Line != 3 {
		t.Errorf("wrote %v", p)
	}
	if f := s.Location[1].Line[0].Function.Filename; f != "/root/a.go" {
		t.Errorf("file %s, want it below the root", f)
	}
	// What has no site keeps the total whole.
	if n := p.Sample[1].Value[0]; len(p.Sample) != 2 || n != 100 || p.Sample[1].Location[0].Line[0].Function.Name != "(unexplained)" {
		t.Errorf("wrote %v, want 100 objects unexplained", p)
	}
	r.Benchmarks[0].InUseBytes = 48
	r.Costs = append(r.Costs, &alloc.Cost{Source: "BenchmarkF", Package: "m", Gone: "m.old", AllocsPerOp: 0.5, InUseBytes: 48})
	b.Reset()
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if p, err = profile.Parse(&b); err != nil {
		t.Fatal(err)
	}
	if s := p.Sample[1]; len(p.Sample) != 2 || s.Value[0] != 100 || s.Value[3] != 48 || s.Location[0].Line[0].Function.Name != "m.old" {
		t.Errorf("wrote %v, want what is gone as a sample of its own", p)
	}
	r.Sites = nil
	if err := Write(&b, r); err == nil {
		t.Error("no error for a cost without its site")
	}
}
