package memprof

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
)

var sink [][]byte

//go:noinline
func allocate(n int) {
	for range n {
		sink = append(sink, make([]byte, 4096))
	}
}

// heapProfile is one of this process.
func heapProfile(t testing.TB) []byte {
	t.Helper()
	runtime.GC()
	var b bytes.Buffer
	if err := pprof.Lookup("allocs").WriteTo(&b, 0); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMain(m *testing.M) {
	runtime.MemProfileRate = 1
	os.Exit(m.Run())
}

// found sums what allocate made.
func found(p *Profile) (objects float64) {
	for _, s := range p.Samples() {
		for _, f := range s.Frames {
			if strings.HasSuffix(f.Func, "/memprof.allocate") {
				objects += s.Allocs
				break
			}
		}
	}
	return objects
}

func TestSamples(t *testing.T) {
	before := heapProfile(t)
	allocate(1000)
	after := heapProfile(t)
	base, err := Parse(before, "before")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(after, "after")
	if err != nil {
		t.Fatal(err)
	}
	whole := found(p)
	if err := p.Subtract(base); err != nil {
		t.Fatal(err)
	}
	if n := found(p); whole < 1000 || n < 1000 || n > 1100 {
		t.Errorf("%v objects, %v since the base; want at least 1000", whole, n)
	}
}

func TestErrors(t *testing.T) {
	var cpu bytes.Buffer
	if err := pprof.StartCPUProfile(&cpu); err != nil {
		t.Skip(err)
	}
	pprof.StopCPUProfile()
	whole := heapProfile(t)
	for _, test := range []struct {
		name, want string
		data       []byte
	}{
		{"empty", "it is empty", nil},
		{"text", "parsing profile", []byte("not a profile at all\n")},
		{"cut", "", whole[:len(whole)/2]},
		{"cpu", "not allocations", cpu.Bytes()},
	} {
		_, err := Parse(test.data, test.name)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), test.name) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
	if _, err := Open(t.Context(), filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("no error for a file that does not exist")
	}
}

func TestURL(t *testing.T) {
	data := heapProfile(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/debug/pprof/allocs" {
			http.NotFound(w, r)
			return
		}
		w.Write(data)
	}))
	defer srv.Close()
	if _, err := Open(t.Context(), srv.URL+"/debug/pprof/allocs", nil); err != nil {
		t.Error(err)
	}
	if _, err := Open(t.Context(), srv.URL+"/other", nil); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error %v, want one with 404", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(heapProfile(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, "fuzz")
		if err == nil {
			p.Samples()
		}
	})
}
