package cli

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestOutputFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out.json")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &env{stdout: io.Discard}
	o := &output{format: "json", file: file}
	if err := o.check(e); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(file); string(data) != "old" || names(t, dir) != "out.json" {
		t.Errorf("check left %q, and %s", data, names(t, dir))
	}
	// What cannot be written leaves the old file as it was.
	bad := &output{format: "pprof", file: file}
	r := &alloc.Report{Benchmarks: []*alloc.Benchmark{{Name: "B"}}, Costs: []*alloc.Cost{{Site: "none", Source: "B"}}}
	if err := bad.write(e, r); err == nil {
		t.Error("no error for a cost without its site")
	}
	if data, _ := os.ReadFile(file); string(data) != "old" || names(t, dir) != "out.json" {
		t.Errorf("a failure left %q, and %s", data, names(t, dir))
	}
	if err := o.write(e, new(alloc.Report)); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(file); !bytes.Contains(data, []byte(`{"summary":`)) || names(t, dir) != "out.json" {
		t.Errorf("wrote %q, and left %s", data, names(t, dir))
	}
	if st, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v, want that of the old file", st.Mode(), err)
	}
}

func TestOutputRefused(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		filepath.Join(dir, "none", "out"):       "no such file or directory",
		dir:                                     "it is a directory",
		filepath.Join(dir, "out\x00put", "out"): "invalid",
	} {
		o := &output{format: "text", file: name}
		if err := o.check(&env{stdout: io.Discard}); err == nil || runtime.GOOS != "windows" && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", name, err, want)
		}
	}
	if n := names(t, dir); n != "" {
		t.Errorf("left %s", n)
	}
}

// A device is written to, not replaced.
func TestOutputDevice(t *testing.T) {
	before, err := os.Stat(os.DevNull)
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("no file of that kind")
	}
	o := &output{format: "json", file: os.DevNull}
	if err := o.check(&env{stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	if err := o.write(&env{}, new(alloc.Report)); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(os.DevNull); err != nil || after.Mode() != before.Mode() {
		t.Errorf("%s has mode %v, had %v", os.DevNull, after.Mode(), before.Mode())
	}
}

// TestPlacesOf: files are told from where the reader is, and those of modules in the
// module cache by the module.
func TestPlacesOf(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Join(root, "sub"))
	here, err := os.Getwd() // where a temporary directory is a link
	if err != nil {
		t.Fatal(err)
	}
	root = filepath.ToSlash(filepath.Dir(here))
	for _, tt := range []struct{ root, command, file, want string }{
		{root, "heap", "sub/x.go", "x.go"},
		{root, "heap", "y.go", "../y.go"},
		{"", "heap", root + "/sub/x.go", "x.go"}, // recorded by URL
		{"", "heap", root + "/y.go", root + "/y.go"},
		{root, "heap", "/home/go/pkg/mod/example.com/!m@v1.2.3/p/f.go", "example.com/!m@v1.2.3/p/f.go"},
		{root, "find", "/home/go/pkg/mod/example.com/!m@v1.2.3/p/f.go", "/home/go/pkg/mod/example.com/!m@v1.2.3/p/f.go"},
		{root, "heap", "/home/pkg/mod/x.go", "/home/pkg/mod/x.go"},
		{root, "heap", "/usr/local/go/src/time/sleep.go", "/usr/local/go/src/time/sleep.go"},
	} {
		if got := placesOf(&alloc.Report{Root: tt.root, Header: alloc.Header{Command: tt.command}})(tt.file); got != tt.want {
			t.Errorf("%s, below %q: %s, want %s", tt.file, tt.root, got, tt.want)
		}
	}
}
