package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs/internal/modules"
	"github.com/stackward-go/stackward/internal/expr"
)

//go:embed harness.go.txt
var harness string

// processes is how often each function is run anew; what counts is the least.
const processes = 3

// A row is what was found out about one module.
type row struct {
	target    modules.Target
	promise   string // where it says that it does not allocate
	functions []*function
	notes     []string // what went wrong
}

// A function is one that is promised not to allocate.
type function struct {
	pkg, name   string // "zapcore" of the module, "(*T).M"
	drivers     int
	verdict     alloc.ContractVerdict
	assumptions []string
	findings    []string
	truths      []truth // of each driver, the hot path first
}

// A truth is what calls of a function by one driver allocate.
type truth struct {
	first      int // objects, by the first round of all inputs in a process
	allocating int // percent of the inputs that allocate each time
	most       int // objects, of those
	later      int // objects, by all rounds but the first few
}

// A class is what a truth comes to.
type class string

const (
	never     class = "never"
	amortised class = "amortised" // by the first calls, or now and then
	sometimes class = "sometimes" // for some inputs, each time
	always    class = "always"
)

func (t truth) class() class {
	switch {
	case t.allocating == 100:
		return always
	case t.allocating > 0:
		return sometimes
	case t.first > 0 || t.later > 0:
		return amortised
	}
	return never
}

func measure(tmp, tool string, t modules.Target, ar *txtar.Archive) row {
	_, promise, _ := strings.Cut(strings.TrimSpace(string(ar.Comment)), "\n\n")
	r := row{target: t, promise: promise}
	note := func(err error) { r.notes = append(r.notes, err.Error()) }
	dir, env, err := t.Prepare(tmp)
	if err != nil {
		note(err)
		return r
	}
	for _, f := range ar.Files {
		fs, err := install(dir, f)
		if err != nil {
			note(err)
			return r
		}
		r.functions = append(r.functions, fs...)
	}
	if err := r.check(dir, env, tool); err != nil {
		note(err)
	}
	for _, f := range ar.Files {
		if err := r.run(dir, env, filepath.Dir(f.Name)); err != nil {
			note(err)
		}
	}
	return r
}

// install puts a file of drivers into a package, in the place of the package's own
// tests, and a directive before each function that it calls.
func install(dir string, f txtar.File) ([]*function, error) {
	pkg := filepath.Dir(f.Name)
	target := filepath.Join(dir, pkg)
	tests, err := filepath.Glob(filepath.Join(target, "*_test.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range tests {
		if err := os.Remove(name); err != nil {
			return nil, err
		}
	}
	fset := token.NewFileSet()
	drivers, err := parser.ParseFile(fset, f.Name, f.Data, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var list []*function
	ast.Inspect(drivers, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		id, ok := call.Fun.(*ast.Ident)
		if !ok || id.Name != "promise" {
			return true
		}
		name, err := strconv.Unquote(call.Args[0].(*ast.BasicLit).Value)
		if err == nil {
			list = append(list, &function{pkg: pkg, name: name, drivers: len(call.Args) - 1})
		}
		return true
	})
	for _, file := range []struct{ name, text string }{
		{"drivers_test.go", string(f.Data)},
		{"harness_test.go", strings.Replace(harness, "PACKAGE", drivers.Name.Name, 1)},
	} {
		if err := os.WriteFile(filepath.Join(target, file.name), []byte(file.text), 0o666); err != nil {
			return nil, err
		}
	}
	return list, annotate(target, list)
}

// annotate writes the directive before the functions of a package.
func annotate(dir string, list []*function) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		var at []int
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil && slices.ContainsFunc(list, func(f *function) bool { return f.name == expr.FuncName(fd) }) {
				at = append(at, fset.Position(fd.Pos()).Offset)
			}
		}
		if at == nil {
			continue
		}
		for _, offset := range slices.Backward(at) {
			src = slices.Insert(src, offset, []byte("//stackward:noalloc\n")...)
		}
		if err := os.WriteFile(name, src, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// check asks for the verdicts.
func (r *row) check(dir string, env []string, tool string) error {
	cmd := exec.Command(tool, slices.Concat([]string{"check", "-format=json"}, r.target.Packages)...)
	cmd.Dir, cmd.Env = dir, env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 3 {
		return fmt.Errorf("check: %s", strings.TrimSpace(stderr.String()))
	}
	rep, err := alloc.ReadJSON(&stdout)
	if err != nil {
		return err
	}
	module, _, _ := strings.Cut(r.target.Modules[0], "@")
	for _, f := range r.functions {
		full := strings.TrimSuffix(module+"/"+f.pkg, "/.") + "." + f.name
		for _, c := range rep.Contracts {
			if c.Func != full {
				continue
			}
			f.verdict = c.Verdict
			for _, a := range c.Assumptions {
				f.assumptions = append(f.assumptions, a.Text)
			}
		}
		for _, x := range rep.Findings {
			if x.Func == full {
				_, message, _ := strings.Cut(x.Message, ": ")
				f.findings = append(f.findings, message)
			}
		}
		if f.verdict == "" {
			r.notes = append(r.notes, f.name+": no verdict")
		}
	}
	for _, p := range rep.Problems {
		r.notes = append(r.notes, p.Message)
	}
	return nil
}

// run finds the truths of a package's functions.
func (r *row) run(dir string, env []string, pkg string) error {
	binary := filepath.Join(dir, "truth.test")
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-o", binary, "./"+pkg)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the tests: %s", bytes.TrimSpace(out))
	}
	for _, f := range r.functions {
		if f.pkg != pkg {
			continue
		}
		for n := range f.drivers {
			var least truth
			for try := range processes {
				cmd := exec.Command(binary, "-test.run=^TestTruth$")
				cmd.Dir, cmd.Env = dir, append(slices.Clip(env), fmt.Sprintf("STACKWARD_TRUTH=%s#%d", f.name, n))
				out, err := cmd.CombinedOutput()
				_, line, ok := strings.Cut(string(out), "truth: ")
				var t truth
				if ok {
					_, err = fmt.Sscan(line, &t.first, &t.allocating, &t.most, &t.later)
				} else {
					err = errors.Join(err, errors.New(string(out)))
				}
				if err != nil {
					return fmt.Errorf("running %s: %w", f.name, err)
				}
				if try == 0 {
					least = t
				}
				least = truth{min(least.first, t.first), min(least.allocating, t.allocating), min(least.most, t.most), min(least.later, t.later)}
			}
			f.truths = append(f.truths, least)
		}
	}
	return nil
}
