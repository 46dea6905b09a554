package gobench

import (
	"bytes"
	"testing"

	"golang.org/x/perf/benchfmt"

	"github.com/stackward-go/stackward/alloc"
)

func TestWrite(t *testing.T) {
	r := &alloc.Report{
		Header: alloc.Header{GOOS: "linux", GOARCH: "amd64", Go: "go1.26.8"},
		Benchmarks: []*alloc.Benchmark{{
			Name: "BenchmarkF/sub", Package: "m", N: 200, AllocsPerOp: 1.5, Explained: 1,
			Values: map[string][]float64{"ns/op": {10, 12}, "allocs/op": {1, 2}},
		}},
		Costs: []*alloc.Cost{{
			Site: "a.b/c.F#m[k, v]#1", Source: "BenchmarkF/sub", Package: "m", AllocsPerOp: 1.5, BytesPerOp: 24,
			Via: []alloc.Frame{{Func: "m.F"}},
		}},
	}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	var got []string
	rd := benchfmt.NewReader(&b, "out")
	for rd.Scan() {
		res, ok := rd.Result().(*benchfmt.Result)
		if !ok {
			t.Fatalf("%v", rd.Result())
		}
		got = append(got, string(res.Name))
		if res.GetConfig("pkg") != "m" {
			t.Errorf("%s: pkg %q", res.Name, res.GetConfig("pkg"))
		}
		if v, ok := res.Value("allocs/op"); !ok || v != []float64{1, 2, 1.5}[len(got)-1] {
			t.Errorf("%s: %v allocs/op", res.Name, v)
		}
	}
	if len(got) != 3 || got[2] != "F/sub/site=a.b.c.F:m[k,_v]:1/from=m.F" {
		t.Errorf("names %q", got)
	}
}
