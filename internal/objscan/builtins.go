package objscan

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// A toolchain is what the installed toolchain's sources say of the functions
// that its compiler calls.
type toolchain struct {
	goroot string // absolute, slash-separated
	// builtins are the names of the symbols that objects refer to by number
	// (cmd/internal/goobj/builtinlist.go).
	builtins []string
	// typeArg are the functions that compiled code calls
	// (cmd/compile/internal/typecheck/_builtin/runtime.go), each with the
	// integer register, counted in argument order, that takes a type; -1
	// where none does.
	typeArg map[string]int
}

func readToolchain(goroot string) (*toolchain, error) {
	t := &toolchain{goroot: filepath.ToSlash(goroot), typeArg: make(map[string]int)}
	fset := token.NewFileSet()
	list, err := parser.ParseFile(fset, filepath.Join(goroot, "src/cmd/internal/goobj/builtinlist.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading the toolchain's list of runtime symbols: %w", err)
	}
	ast.Inspect(list, func(n ast.Node) bool {
		// {"runtime.newobject", 1}, without a type of its own
		lit, ok := n.(*ast.CompositeLit)
		if !ok || lit.Type != nil || len(lit.Elts) == 0 {
			return true
		}
		if name, ok := lit.Elts[0].(*ast.BasicLit); ok && name.Kind == token.STRING {
			if s, err := strconv.Unquote(name.Value); err == nil {
				t.builtins = append(t.builtins, s)
			}
		}
		return false
	})
	if len(t.builtins) == 0 {
		return nil, fmt.Errorf("reading the toolchain's list of runtime symbols: none in %s", fset.File(list.Pos()).Name())
	}
	decls, err := parser.ParseFile(fset, filepath.Join(goroot, "src/cmd/compile/internal/typecheck/_builtin/runtime.go"), nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("reading the toolchain's list of runtime functions: %w", err)
	}
	for _, d := range decls.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
			t.typeArg["runtime."+fn.Name.Name] = typeArg(fn.Type.Params)
		}
	}
	return t, nil
}

// typeArg is the integer register that takes the type of what is allocated:
// of the parameters named so in the toolchain's declarations.
func typeArg(params *ast.FieldList) int {
	reg := 0
	for _, p := range params.List {
		for _, name := range p.Names {
			switch name.Name {
			case "typ", "et", "mapType", "chanType":
				return reg
			}
			reg += registers(p.Type)
		}
		if len(p.Names) == 0 {
			reg += registers(p.Type)
		}
	}
	return -1
}

// registers is the number of integer registers that a value of a type takes.
func registers(typ ast.Expr) int {
	switch x := typ.(type) {
	case *ast.ArrayType:
		if x.Len == nil {
			return 3
		}
	case *ast.InterfaceType:
		return 2
	case *ast.Ident:
		switch {
		case x.Name == "string", x.Name == "any":
			return 2
		case strings.HasPrefix(x.Name, "float"), strings.HasPrefix(x.Name, "complex"):
			return 0
		}
	}
	return 1
}

// findGOROOT finds the toolchain of a version: the one the environment names
// or the go command says.
func findGOROOT(version string) (string, error) {
	matches := func(dir string) bool {
		b, err := os.ReadFile(filepath.Join(dir, "VERSION"))
		line, _, _ := strings.Cut(string(b), "\n")
		return err == nil && strings.TrimSpace(line) == version
	}
	if dir := os.Getenv("GOROOT"); dir != "" && matches(dir) {
		return dir, nil
	}
	for _, env := range [][]string{nil, {"GOTOOLCHAIN=" + version}} {
		cmd := exec.Command("go", "env", "GOROOT")
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.Output(); err == nil {
			if dir := strings.TrimSpace(string(out)); matches(dir) {
				return dir, nil
			}
		}
	}
	return "", fmt.Errorf("finding the GOROOT of %s: neither the environment nor the go command names it", version)
}
