package offheap

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The tables are the installed runtime's.
func TestSizeClassesOfRuntime(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no go command:", err)
	}
	root := filepath.Join(strings.TrimSpace(string(out)), "src")
	file := filepath.Join(root, "internal/runtime/gc/sizeclasses.go") // since Go 1.26
	if old := filepath.Join(root, "runtime/sizeclasses.go"); exists(old) {
		file = old
	}
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Skip("no runtime source:", err)
	}
	found := 0
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range gen.Specs {
			v, ok := spec.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 {
				continue
			}
			lit, ok := v.Values[0].(*ast.CompositeLit)
			if !ok {
				continue
			}
			var at func(i int) int
			switch strings.ToLower(v.Names[0].Name) {
			case "sizeclasstosize", "class_to_size":
				at = func(i int) int { return int(classSize[i]) }
			case "sizeclasstonpages", "class_to_allocnpages":
				at = func(i int) int { return int(classPages[i]) }
			case "sizetosizeclass8", "size_to_class8":
				at = func(i int) int { return int(sizeToClass8[i]) }
			case "sizetosizeclass128", "size_to_class128":
				at = func(i int) int { return int(sizeToClass128[i]) }
			default:
				continue
			}
			found++
			for i, e := range lit.Elts {
				if want := e.(*ast.BasicLit).Value; strconv.Itoa(at(i)) != want {
					t.Errorf("%s[%d] is %d, the runtime has %s", v.Names[0].Name, i, at(i), want)
				}
			}
		}
	}
	if found != 4 {
		t.Errorf("found %d of 4 tables in %s", found, file)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func TestSizeClass(t *testing.T) {
	for size := uintptr(1); size <= maxSmallSize; size++ {
		c := sizeClass(size)
		if uintptr(classSize[c]) < size || uintptr(classSize[c-1]) >= size {
			t.Fatalf("size %d has class %d of %d bytes", size, c, classSize[c])
		}
	}
	for _, test := range []struct{ size, want uintptr }{
		{1, 8}, {8, 8}, {9, 16}, {33, 48}, {32768, 32768}, {32769, 40960}, {40961, 49152},
	} {
		if got := roundSize(test.size); got != test.want {
			t.Errorf("roundSize(%d) = %d, want %d", test.size, got, test.want)
		}
	}
}
