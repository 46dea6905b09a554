package fix_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stackward-go/stackward/internal/rewrite"
)

// What takes time is not a program but a process, so some hundred programs with
// all their variants become one binary:
//
//	package p0, every program as it was; p1, the first variant of each; p2, the second; …
//	→ one compiler for each package, one linker, no build cache
//	→ one process, which runs a program and its variants, then the next
//
// The names of a program get its number as a suffix, the same in all variants,
// so that what prints the name of a type prints the same in all of them. What
// every generated program has stands in a package once. A program that ends its
// process, with a fatal error or by taking too long, is the last that this
// process runs, and another goes on with the next. Functions of a generated
// program that no variant changes, and that have nothing to do with those that
// one does, are not built.

const suffix = "_p00000"

// rename gives the package-level names of a file the suffix, which is to be
// replaced by the program's own, and leaves out the declarations that shared.go
// has: functions and, in a file that has the whole prelude, types. It also leaves
// out functions that are not to be kept, and their calls in main, unless keep is
// nil: then all are.
func (b *bench) rename(c *checked, whole bool, keep map[string]bool) []byte {
	offset := func(n ast.Node) (from, to int) {
		f := b.fset.File(n.Pos())
		return f.Offset(n.Pos()), f.Offset(n.End())
	}
	from, to := offset(c.file.Name)
	edits := []rewrite.Edit{{Start: from, End: to, New: "prog"}}
	same := make(map[types.Object]bool)
	out := make(map[ast.Node]bool)
	for _, d := range c.file.Decls {
		text := b.text(c, d)
		if in(shared, text) || whole && in(prelude, text) {
			out[d] = true
			same[c.info.Defs[declares(d)]] = true
		}
		f, ok := d.(*ast.FuncDecl)
		switch {
		case keep == nil || !ok || common[f.Name.Name]:
		case f.Name.Name != "main":
			out[d] = out[d] || !keep[f.Name.Name]
		default:
			for _, call := range f.Body.List {
				for name := range b.names(c, call) {
					out[call] = out[call] || !keep[name]
				}
			}
		}
	}
	own := func(obj types.Object) bool {
		if v, ok := obj.(*types.Var); ok && v.IsField() && v.Embedded() {
			t := v.Type()
			if p, ok := types.Unalias(t).(*types.Pointer); ok {
				t = p.Elem()
			}
			switch t := t.(type) {
			case *types.Named:
				obj = t.Obj()
			case *types.Alias:
				obj = t.Obj()
			}
		}
		return obj != nil && obj.Pkg() == c.pkg && obj.Parent() == c.pkg.Scope() && !same[obj]
	}
	used := make(map[types.Object]bool)
	seen := make(map[int]bool) // an embedded field is a definition and a use
	ast.Inspect(c.file, func(n ast.Node) bool {
		if out[n] {
			from, to := offset(n)
			edits = append(edits, rewrite.Edit{Start: from, End: to})
			return false
		}
		if n, ok := n.(*ast.Ident); ok {
			used[c.info.Uses[n]] = true
			if _, to := offset(n); n.Name != "_" && !seen[to] && (own(c.info.Defs[n]) || own(c.info.Uses[n])) {
				seen[to] = true
				edits = append(edits, rewrite.Edit{Start: to, End: to, New: suffix})
			}
		}
		return true
	})
	for _, spec := range c.file.Imports {
		// What only those declarations used that are left out.
		if name := c.info.PkgNameOf(spec); name != nil && spec.Name == nil && !used[name] {
			from, _ := offset(spec)
			edits = append(edits, rewrite.Edit{Start: from, End: from, New: "_ "})
		}
	}
	slices.SortFunc(edits, func(a, b rewrite.Edit) int { return a.Start - b.Start })
	var src []byte
	at := 0
	for _, e := range edits {
		src = append(append(src, c.src[at:e.Start]...), e.New...)
		at = e.End
	}
	return append(src, c.src[at:]...)
}

// names are the functions and variables of a generated program that a part of it
// names, but for those which every program has.
func (b *bench) names(c *checked, n ast.Node) map[string]bool {
	list := make(map[string]bool)
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			obj := c.info.Uses[id]
			_, fn := obj.(*types.Func)
			if obj != nil && obj.Pkg() == c.pkg && (fn || obj.Parent() == c.pkg.Scope()) && !common[id.Name] {
				list[id.Name] = true
			}
		}
		return true
	})
	return list
}

// common are the names that every generated program declares.
var common = func() map[string]bool {
	list := map[string]bool{"global": true}
	for _, m := range regexp.MustCompile(`(?m)^(?:type|func(?: \([^)]*\))?) (\w+)`).FindAllStringSubmatch(prelude+shared, -1) {
		list[m[1]] = true
	}
	return list
}()

// concerned are the functions and variables of a generated program that a
// variant changes, and what names them or is named by them; nil for all, where
// it changes what every program has, or main.
func (b *bench) concerned(list []*variant) map[string]bool {
	texts := make(map[string]string)
	near := make(map[string][]string)
	var todo []string
	for i, v := range list {
		for _, d := range v.checked.file.Decls {
			var names []string
			switch d := d.(type) {
			case *ast.FuncDecl:
				names = []string{d.Name.Name}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, id := range s.Names {
							names = append(names, id.Name)
						}
					case *ast.TypeSpec:
						names = append(names, s.Name.Name)
					}
				}
			}
			text := b.text(v.checked, d)
			for _, name := range names {
				if i == 0 {
					texts[name] = text
				} else if texts[name] != text {
					todo = append(todo, name)
				}
				if name == "main" {
					continue
				}
				for other := range b.names(v.checked, d) {
					near[name] = append(near[name], other)
					near[other] = append(near[other], name)
				}
			}
		}
	}
	keep := make(map[string]bool)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		if name == "main" || common[name] {
			return nil
		}
		if todo = todo[:len(todo)-1]; !keep[name] {
			keep[name] = true
			todo = append(todo, near[name]...)
		}
	}
	return keep
}

// whole reports whether a file has the prelude, and its types no other methods.
func (b *bench) whole(c *checked) bool {
	n := 0
	for _, d := range c.file.Decls {
		if in(prelude, b.text(c, d)) {
			n++
		} else if f, ok := d.(*ast.FuncDecl); ok && f.Recv != nil {
			return false
		}
	}
	return n == strings.Count(prelude, "\n\n")+1
}

// in reports whether declarations have one of this text.
func in(decls, text string) bool { return strings.Contains(decls+"\n", "\n"+text+"\n\n") }

func (b *bench) text(c *checked, n ast.Node) string {
	f := b.fset.File(n.Pos())
	return string(c.src[f.Offset(n.Pos()):f.Offset(n.End())])
}

// declares is the name that a declaration gives to one function or type.
func declares(d ast.Decl) *ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name
	case *ast.GenDecl:
		if len(d.Specs) == 1 {
			if t, ok := d.Specs[0].(*ast.TypeSpec); ok {
				return t.Name
			}
		}
	}
	return nil
}

// try builds variants into one binary and compares what they print. Variants of
// one program follow each other, the first is the program as it was.
func (b *bench) try(t testing.TB, list []*variant) {
	t.Helper()
	if len(list) == 0 {
		return
	}
	dir := t.TempDir()
	defer os.RemoveAll(dir)
	exe, said := build(t, dir, list)
	if said != "" {
		// The compiler refuses what go/types took: an overflow, say. Find out whose.
		b.blame(t, list, said)
		return
	}
	for from := 0; from < len(list); {
		next, said := run(t, exe, list, from, len(list), 5*time.Second)
		if next == from {
			b.blame(t, list, said) // died before main: in what initializes a package variable
			return
		}
		from = next
		switch last := list[from-1]; {
		case last.out != hung:
		case last.of != "": // once more, with more patience
			run(t, exe, list, from-1, from, time.Minute)
		default:
			for from < len(list) && list[from].prog == last.prog {
				list[from].out = hung
				from++
			}
		}
	}
	var before int // the index of the program as it was
	for i, v := range list {
		was := list[before]
		switch {
		case v.of == "":
			before = i
			if v.out == hung {
				b.dropped++
			}
		case was.out == hung:
		case v.out != was.out && !steady(t, exe, list, before):
			was.out = hung
			b.dropped++
		default:
			b.of(v.of).ran++
			if v.out != was.out {
				want, got := difference(was.out, v.out)
				b.found(v, "prints something else\n-- want --\n%s\n-- got --\n%s", want, got)
			}
		}
	}
}

// steady reports whether a program prints the same when it runs once more, in
// a process of its own: an address is another one then.
func steady(t testing.TB, exe string, list []*variant, i int) bool {
	t.Helper()
	first := list[i].out
	run(t, exe, list, i, i+1, time.Minute)
	same := list[i].out == first
	list[i].out = first
	return same
}

// difference is where two texts begin to differ.
func difference(a, b string) (string, string) {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	i = max(strings.LastIndex(a[:max(i-200, 0)], "\n")+1, 0)
	return a[i:min(i+1000, len(a))], b[i:min(i+1000, len(b))]
}

// build compiles and links a binary that runs variants by their index. said is
// what the compiler has against them.
func build(t testing.TB, dir string, list []*variant) (exe, said string) {
	t.Helper()
	pkgs := sources(t, dir, list)
	config := ""
	for path, file := range exports(t) {
		config += fmt.Sprintf("packagefile %s=%s\n", path, file)
	}
	for k := range pkgs {
		config += fmt.Sprintf("packagefile p%d=p%[1]d.a\n", k)
	}
	write(t, filepath.Join(dir, "importcfg"), []byte(config))
	tool := func(name string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), tools(t)[name], append([]string{"-importcfg=importcfg"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOGC=400") // they are short-lived
		out, err := cmd.CombinedOutput()
		if err != nil && len(out) == 0 {
			t.Fatal(err)
		}
		return string(out)
	}
	compile := func(pkg string, files ...string) string {
		return tool("compile", append([]string{"-p=" + pkg, "-o=" + pkg + ".a", "-lang=go1.26", "-complete", "-dwarf=false", "-e"}, files...)...)
	}
	for k, files := range pkgs {
		said += compile(fmt.Sprintf("p%d", k), files...)
	}
	if said == "" {
		said = compile("main", "main.go")
	}
	if said == "" {
		said = tool("link", "-s", "-w", "-o=all.exe", "main.a")
	}
	return filepath.Join(dir, "all.exe"), said
}

// sources writes the files of a binary and returns their names, package by
// package.
func sources(t testing.TB, dir string, list []*variant) (pkgs [][]string) {
	t.Helper()
	var entries [][]string // by package, what runs its programs
	var all strings.Builder
	n, k := -1, 0
	for i, v := range list {
		if k++; i == 0 || v.prog != list[i-1].prog {
			n, k = n+1, 0
		}
		pkg := fmt.Sprintf("p%d", k)
		if k == len(pkgs) {
			pkgs, entries = append(pkgs, []string{filepath.Join(pkg, "shared.go")}), append(entries, nil)
			if err := os.Mkdir(filepath.Join(dir, pkg), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		id := fmt.Sprintf("_p%05d", n)
		fmt.Fprintf(&all, "\t%s.Programs[%d],\n", pkg, len(entries[k]))
		entries[k] = append(entries[k], "main"+id)
		src := bytes.ReplaceAll(v.run, []byte(suffix), []byte(id))
		if v.prog.version != "" && !bytes.Contains(src, []byte("//go:build")) {
			src = append([]byte("//go:build "+v.prog.version+"\n\n"), src...)
		}
		file := filepath.Join(pkg, id[1:]+".go")
		pkgs[k] = append(pkgs[k], file)
		write(t, filepath.Join(dir, file), src)
	}
	imports := ""
	for k, list := range entries {
		imports += fmt.Sprintf("import p%d \"p%[1]d\"\n", k)
		src := "package prog\n\nimport (\n\t\"encoding/json\"\n\t\"fmt\"\n\t\"strconv\"\n)\n" + prelude + shared
		src += "\nvar Programs = []func(){" + strings.Join(list, ", ") + "}\n"
		write(t, filepath.Join(dir, pkgs[k][0]), []byte(src))
	}
	write(t, filepath.Join(dir, "main.go"), []byte("package main\n\n"+imports+runner+"\nvar all = []func(){\n"+all.String()+"}\n"))
	return pkgs
}

// tools are the compiler and the linker.
var tools = func() func(testing.TB) map[string]string {
	find := sync.OnceValues(func() (map[string]string, error) {
		files := make(map[string]string)
		for _, name := range []string{"compile", "link"} {
			out, err := exec.Command("go", "tool", "-n", name).Output()
			if err != nil {
				return nil, err
			}
			files[name] = strings.TrimSpace(string(out))
		}
		return files, nil
	})
	return func(t testing.TB) map[string]string {
		t.Helper()
		files, err := find()
		if err != nil {
			t.Fatalf("finding the compiler: %v", err)
		}
		return files
	}
}()

var programFile = regexp.MustCompile(`\bp(\d+)[/\\]p(\d{5})\.go:`)

// blame drops the programs that the compiler, or a trace, names and tries the
// rest.
func (b *bench) blame(t testing.TB, list []*variant, said string) {
	t.Helper()
	bad := make(map[*program]bool)
	for _, m := range programFile.FindAllStringSubmatch(said, -1) {
		k, _ := strconv.Atoi(m[1])
		n, _ := strconv.Atoi(m[2])
		for i, v := range list {
			if i > 0 && v.prog != list[i-1].prog {
				n--
			}
			if n > 0 {
				continue
			}
			if v = list[i+k]; v.of != "" && !bad[v.prog] {
				b.found(v, "it does not build, or dies before main: %s", said)
			}
			bad[v.prog] = true
			break
		}
	}
	if len(bad) == 0 {
		t.Fatalf("building or starting: %s", said)
	}
	b.dropped += len(bad)
	b.try(t, slices.DeleteFunc(slices.Clone(list), func(v *variant) bool { return bad[v.prog] }))
}

const hung = "hung"

// run runs programs from an index on, and returns where to go on, and what was
// said if no program ran. One that takes longer than there is patience is hung.
func run(t testing.TB, exe string, list []*variant, from, to int, patience time.Duration) (next int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	out, err := os.Create(exe + ".out")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var errs bytes.Buffer
	cmd := exec.CommandContext(ctx, exe, strconv.Itoa(from), strconv.Itoa(to), patience.String())
	cmd.Stdout, cmd.Stderr = out, &errs
	err = cmd.Run()
	text, readErr := os.ReadFile(out.Name())
	if readErr != nil {
		t.Fatal(readErr)
	}
	at := from - 1
	for _, part := range strings.Split(string(text), "\x01begin ")[1:] {
		n, text, _ := strings.Cut(part, "\n")
		at, _ = strconv.Atoi(n)
		text, whole := strings.CutSuffix(text, "\x01end\n")
		list[at].out = text
		if !whole {
			list[at].out += "\n" + fatal(errs.String())
			if strings.Contains(errs.String(), "goroutine stack exceeds") {
				list[at].out = hung // how deep that is depends on what the compiler makes of it
			}
		}
	}
	switch {
	case err == nil:
		return to, ""
	case at < from:
		return from, errs.String()
	case cmd.ProcessState.ExitCode() == 3, ctx.Err() != nil:
		list[at].out = hung
	}
	return at + 1, ""
}

// fatal is what a process that died says first, but for addresses.
func fatal(stderr string) string {
	line, _, _ := strings.Cut(stderr, "\n")
	return address.ReplaceAllString(line, "0x")
}

var address = regexp.MustCompile(`0x[0-9a-f]+`)

const runner = `import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"
)

var at atomic.Int64

func main() {
	from, _ := strconv.Atoi(os.Args[1])
	to, _ := strconv.Atoi(os.Args[2])
	patience, _ := time.ParseDuration(os.Args[3])
	go watch(patience)
	debug.SetMaxStack(16 << 20)
	for i := from; i < to; i++ {
		at.Store(int64(i))
		fmt.Printf("\x01begin %d\n", i)
		run(all[i])
		fmt.Print("\x01end\n")
	}
}

// watch ends the process when a program takes too long, holds too much or
// prints too much.
func watch(patience time.Duration) {
	last, since, printed := int64(-1), time.Now(), int64(0)
	for range time.Tick(20 * time.Millisecond) {
		out, err := os.Stdout.Stat()
		if err != nil {
			panic(err)
		}
		if i := at.Load(); i != last {
			last, since, printed = i, time.Now(), out.Size()
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if time.Since(since) > patience || m.HeapAlloc > 1<<30 || out.Size()-printed > 64<<20 {
			os.Exit(3)
		}
	}
}

func run(f func()) {
	done := false
	defer func() {
		if done {
			return
		}
		defer func() {
			if recover() != nil {
				fmt.Println("panic in what panicked")
			}
		}()
		r := recover()
		fmt.Printf("panic: %T %v\n", r, r)
	}()
	f()
	done = true
}
`
