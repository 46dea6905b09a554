package memprof

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
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
		{"cut", "unexpected EOF", whole[:len(whole)/2]},
		{"cpu", "it is a CPU profile, not one of allocations", cpu.Bytes()},
		{"block", "it is a block or mutex profile, not one of allocations", lookup(t, "block", 0)},
		{"goroutines", "it is a goroutine profile, not one of allocations", lookup(t, "goroutine", 0)},
		{"goroutine text", "it is a goroutine profile, not one of allocations", lookup(t, "goroutine", 1)},
		{"stacks", "it is a list of goroutine stacks, not a profile of allocations", lookup(t, "goroutine", 2)},
		{"threads", "it is a profile of threads, not one of allocations", lookup(t, "threadcreate", 0)},
		{"page", "it is a web page", []byte("\n<!DOCTYPE html><title>x</title>")},
		{"trace", "it is an execution trace", []byte("go 1.26 trace\x00\x00\x00")},
		{"program", "it is a program, not its profile", []byte("\x7fELF\x02\x01")},
		{"stripped", "it has addresses, and no names of functions", stripped(t, whole)},
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

func lookup(t testing.TB, name string, debug int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup(name).WriteTo(&b, debug); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stripped is a profile as a stripped program would be known by: addresses only.
func stripped(t testing.TB, data []byte) []byte {
	t.Helper()
	p, err := profile.ParseData(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range p.Location {
		l.Line = nil
	}
	p.Function = nil
	var b bytes.Buffer
	if err := p.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The text form says the same as the binary one, with the names that stand in
// its comments.
func TestText(t *testing.T) {
	allocate(100)
	runtime.GC()
	binary, err := Parse(lookup(t, "allocs", 0), "binary")
	if err != nil {
		t.Fatal(err)
	}
	text, err := Parse(lookup(t, "allocs", 1), "text")
	if err != nil {
		t.Fatal(err)
	}
	if want, got := found(binary), found(text); want < 100 || got < want || got > want+10 {
		t.Errorf("%v objects, want %v as in the binary form", got, want)
	}
	for _, s := range text.Samples() {
		for i, f := range s.Frames {
			if f.Func == "" || f.File == "" || f.Line == 0 {
				t.Fatalf("frame %d of %v is not complete", i, s.Frames)
			}
		}
	}
}

func TestSlot(t *testing.T) {
	allocate(100)
	runtime.GC()
	p, err := Parse(lookup(t, "allocs", 0), "allocs")
	if err != nil {
		t.Fatal(err)
	}
	made := 0.0
	for _, s := range p.Samples() {
		if strings.HasSuffix(s.Frames[0].Func, "/memprof.allocate") && s.Slot == 4096 {
			made += s.Allocs
		}
	}
	if made < 100 {
		t.Errorf("%v objects of 4096 bytes, want at least 100", made)
	}
}

func TestIndexes(t *testing.T) {
	// One sample type, as some stores of profiles answer.
	p, err := profile.ParseData(lookup(t, "heap", 0))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"objects", "bytes", "", "inuse"} {
		one := p.Copy()
		one.SampleType = one.SampleType[i : i+1]
		one.DefaultSampleType = ""
		for _, s := range one.Sample {
			s.Value = s.Value[i : i+1]
			s.NumLabel = nil
		}
		var b bytes.Buffer
		if err := one.Write(&b); err != nil {
			t.Fatal(err)
		}
		q, err := Parse(b.Bytes(), "one")
		if name == "" {
			if err == nil {
				t.Error("no error for a profile of objects in use alone")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Indexes(); len(got) != 1 || got[0] != name {
			t.Errorf("indexes %v, want %s", got, name)
		}
	}
}

func TestSubtractErrors(t *testing.T) {
	data := heapProfile(t)
	a, err := Parse(data, "a")
	if err != nil {
		t.Fatal(err)
	}
	b, err := Parse(data, "b")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Subtract(b); err == nil || !errors.Is(err, ErrSame) {
		t.Errorf("error %v, want that they do not differ", err)
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
	if _, err := Open(t.Context(), srv.URL+"/other", nil); err == nil || !strings.HasSuffix(err.Error(), "the server answers 404 Not Found: 404 page not found") {
		t.Errorf("error %v, want one with 404", err)
	}
	host := strings.TrimPrefix(srv.URL, "http://")
	_, err := Open(t.Context(), host+"/debug/pprof/allocs", nil)
	if x, ok := errors.AsType[*Error](err); !ok || x.Hint != "for a running program write http://"+host+"/debug/pprof/allocs" {
		t.Errorf("error %v, want the hint to write http://", err)
	}
	srv.Close()
	if _, err := Open(t.Context(), srv.URL+"/debug/pprof/allocs", nil); err == nil || !strings.Contains(err.Error(), "connect") {
		t.Errorf("error %v, want that nobody listens", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(heapProfile(f))
	f.Add([]byte("heap profile: 1: 8 [2: 16] @ heap/2\n1: 8 [2: 16] @ 0x10 0x20\n#\t0x10\tm.F+0x4\t/m.go:3\n#\t0x20\tm.G+0x14\t/m.go:9\n\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse(data, "fuzz")
		if err == nil {
			p.Samples()
		}
	})
}
