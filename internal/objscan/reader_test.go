package objscan

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFuncName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ sym, mainPath, want string }{
		{"net/http.(*Server).Serve", "", "net/http.(*Server).Serve"},
		{"gopkg.in/yaml%2ev3.Marshal", "", "gopkg.in/yaml.v3.Marshal"},
		{"main.main", "example.com/m", "example.com/m.main"},
		{"main.(*L[go.shape.string]).Push.func1", "m", "m.(*L[...]).Push.func1"},
		{"main.f", "", "main.f"},
		{"mainly.f", "m", "mainly.f"},
		{"p.Map[go.shape.[]int,go.shape.map[string][]int]", "", "p.Map[...]"},
		{"p.F[go.shape.int].G[go.shape.string].func1", "", "p.F[...].G[...].func1"},
		{"p.Map[...]", "", "p.Map[...]"},
		{"p%zz.F%", "", "p%zz.F%"},
	} {
		if got := funcName(c.sym, c.mainPath); got != c.want {
			t.Errorf("funcName(%q, %q) = %q, want %q", c.sym, c.mainPath, got, c.want)
		}
	}
}

func TestPathOf(t *testing.T) {
	t.Parallel()
	for sym, want := range map[string]string{
		"net/http.(*Server).Serve": "net/http", "main.f": "main", "int": "", "a.b/c.d.E": "a.b/c",
		"p.Map[a/b.C]": "p", "map[string]a/b.C": "", "struct { F uintptr }": "",
	} {
		if got := pathOf(sym); got != want {
			t.Errorf("pathOf(%q) = %q, want %q", sym, got, want)
		}
	}
}

func TestPCTable(t *testing.T) {
	t.Parallel()
	// -1+6 = 5 for 4 instructions, 5-2 = 3 for 200, then the end.
	table := pcTable{12, 4, 3, 0xc8, 1, 0}
	for _, c := range []struct {
		off, quantum int
		want         int32
	}{{0, 1, 5}, {3, 1, 5}, {4, 1, 3}, {203, 1, 3}, {204, 1, -1}, {15, 4, 5}, {16, 4, 3}} {
		if got := table.at(c.off, c.quantum); got != c.want {
			t.Errorf("at(%d, %d) = %d, want %d", c.off, c.quantum, got, c.want)
		}
	}
	for n := range table {
		table[:n].at(1000, 1) // cut short: no panic
	}
}

func TestDecodeVEX(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code string
		n    int
		reg  int
	}{
		{"c4e2f9f7c3", 5, 0},          // SHLX RAX, RBX, RAX
		{"c4e2e8f2c1", 5, 0},          // ANDN RAX, RDX, RCX
		{"c4e3fbf0c03f", 6, 0},        // RORX RAX, RAX, 63
		{"c4e2f8f3cb", 5, 0},          // BLSR RAX, RBX
		{"c4c2f9b8c1", 5, -1},         // VFMADD231SD X0, X0, X9
		{"c5f877", 3, -1},             // VZEROUPPER
		{"c5fe6f44241f", 6, -1},       // VMOVDQU YMM0, [RSP+31]
		{"c5fe6f0512345678", 8, -1},   // VMOVDQU YMM0, [RIP+…]
		{"62f17c481011", 6, -1},       // VMOVUPS ZMM2, [RCX]
		{"62f17c48104c2402", 8, -1},   // VMOVUPS ZMM1, [RSP+128]
		{"c5f970c0aa", 5, -1},         // VPSHUFD with an immediate
		{"c5fe6f848011223344", 9, -1}, // [RAX+RAX*4+disp32]
		{"c5fe6f048511223344", 9, -1}, // [RAX*4+disp32], no base
	} {
		code, err := hex.DecodeString(c.code)
		if err != nil {
			t.Fatal(err)
		}
		in, err := decodeAMD64(append(code, 0x90, 0x90, 0x90, 0x90))
		if err != nil || in.Len != c.n {
			t.Errorf("%s: length %d, want %d (%v)", c.code, in.Len, c.n, err)
		}
		if got := writesAMD64(in, 0); got != (c.reg == 0) {
			t.Errorf("%s: writes AX: %t", c.code, got)
		}
		for n := range code {
			decodeAMD64(code[:n]) // cut short: no panic
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return file
	}
	header := func(name, size string) string {
		return arMagic + name + strings.Repeat(" ", 16-len(name)) + "0           0     0     644     " + size + strings.Repeat(" ", 10-len(size)) + "`\n"
	}
	object := "go object linux amd64 go1.26.8 X:\n\n!\n" + objMagic
	for name, c := range map[string]struct{ text, want string }{
		"text":     {"hello", "not a Go object archive"},
		"cut":      {arMagic + "_go_.o", "header beyond the file"},
		"size":     {header(compilerObj, "100"), "size beyond the file"},
		"negative": {header(compilerObj, "-1"), "size beyond the file"},
		"object":   {header(compilerObj, "45") + object, "header beyond the file"},
		"magic":    {header(compilerObj, "45") + strings.Replace(object, "120", "119", 1), "wrong magic"},
	} {
		file := write(name, c.text)
		s := fuzzScanner()
		s.archives["p"] = file
		_, err := s.Calls("p")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "reading object archive "+file) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
		if _, err := OpenBinary(file); err == nil || !strings.HasPrefix(err.Error(), "reading executable "+file) {
			t.Errorf("%s: OpenBinary: %v", name, err)
		}
	}
	if _, err := fuzzScanner().Calls("none"); err == nil {
		t.Error("no error for a package without archive")
	}
	if _, err := NewScanner(nil); err == nil {
		t.Error("no error for no archives")
	}
	if _, err := OpenBinary(filepath.Join(dir, "none")); err == nil {
		t.Error("no error for no file")
	}
}

func BenchmarkFrames(b *testing.B) {
	dir := writeModule(b, "example.com/m", "main.go", "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\"\", nil) }\n")
	exe := filepath.Join(b.TempDir(), "exe")
	goCmd(b, dir, []string{"GOOS=linux", "GOARCH=amd64"}, "build", "-o", exe, ".")
	bin, err := OpenBinary(exe)
	if err != nil {
		b.Fatal(err)
	}
	var pcs []uint64
	for i := range bin.table.nfunc {
		f, _ := bin.table.fn(i)
		pcs = append(pcs, bin.TextStart()+f.off+f.size*2/3)
	}
	b.ReportAllocs()
	frames, i := 0, 0
	for b.Loop() {
		frames += len(bin.Frames(pcs[i%len(pcs)]))
		i++
	}
	b.ReportMetric(float64(frames)/float64(i), "frames/op")
}

func BenchmarkBinaryCalls(b *testing.B) {
	dir := writeModule(b, "example.com/m", "main.go", "package main\n\nimport \"net/http\"\n\nfunc main() { http.ListenAndServe(\"\", nil) }\n")
	exe := filepath.Join(b.TempDir(), "exe")
	goCmd(b, dir, []string{"GOOS=linux", "GOARCH=amd64"}, "build", "-o", exe, ".")
	fi, err := os.Stat(exe)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(fi.Size())
	for b.Loop() {
		bin, err := OpenBinary(exe)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range bin.Calls() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
