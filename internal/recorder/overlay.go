package recorder

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// The files that are added to packages runtime and testing.
var (
	//go:embed patch/runtime.go.txt
	runtimePatch []byte
	//go:embed patch/testing.go.txt
	testingPatch []byte
)

// An Unsupported says that the recorder does not fit this toolchain or target.
type Unsupported struct{ What string }

func (u *Unsupported) Error() string { return "the recorder does not fit: " + u.What }

// An insertion puts text into a function of the standard library, on a line
// that is there, so that its line numbers stay right.
type insertion struct {
	file, fn string // fn without its receiver
	// find picks the statement; nil is the body's "{". The text goes in front
	// of the statement if before is set, else behind it.
	find   func(src []byte, s ast.Stmt) bool
	before bool
	text   string
}

// is finds a statement by its source text.
func is(text string) func([]byte, ast.Stmt) bool {
	return func(src []byte, s ast.Stmt) bool {
		return string(src[s.Pos()-1:s.End()-1]) == text
	}
}

// insertions make the allocator and the benchmark's timer call the recorder.
// Every way through mallocgc ends in postMallocgcDebug while debug.malloc is
// set (runtime/malloc.go, go1.24 to go1.27).
var insertions = []insertion{
	{"src/runtime/malloc.go", "postMallocgcDebug", nil, false, " if swActive != 0 { swRecord(elemsize, typ) };"},
	{"src/testing/benchmark.go", "StartTimer", is("b.startBytes = memStats.TotalAlloc"), false, "; swStart()"},
	{"src/testing/benchmark.go", "StopTimer", is("runtime.ReadMemStats(&memStats)"), true, "swStop(); "},
	{"src/testing/benchmark.go", "StopTimer", is("b.netBytes += memStats.TotalAlloc - b.startBytes"), false, "; swTally()"},
	{"src/testing/benchmark.go", "ResetTimer", is("b.netBytes = 0"), false, "; swReset()"},
	{"src/testing/benchmark.go", "runN", is("b.previousDuration = b.duration"), false, "; swDump(b)"},
}

// writeOverlay writes the overlay for the toolchain at goroot into dir, the
// user's own merged, and returns the overlay's file.
func writeOverlay(dir, goroot, user string) (string, error) {
	replace := make(map[string]string)
	byFile := make(map[string][]insertion)
	for _, in := range insertions {
		byFile[in.file] = append(byFile[in.file], in)
	}
	for file, list := range byFile {
		name := filepath.Join(goroot, filepath.FromSlash(file))
		src, err := os.ReadFile(name)
		if err != nil {
			return "", fmt.Errorf("reading the toolchain: %w", err)
		}
		out, err := insert(src, list)
		if err != nil {
			return "", err
		}
		replace[name] = filepath.Join(dir, filepath.Base(filepath.Dir(name))+"_"+filepath.Base(name))
		if err := os.WriteFile(replace[name], out, 0o600); err != nil {
			return "", err
		}
	}
	for pkg, src := range map[string][]byte{"runtime": runtimePatch, "testing": testingPatch} {
		added := filepath.Join(goroot, "src", pkg, "zz_stackward.go")
		replace[added] = filepath.Join(dir, pkg+"_zz_stackward.go")
		if err := os.WriteFile(replace[added], src, 0o600); err != nil {
			return "", err
		}
	}
	file := filepath.Join(dir, "overlay.json")
	return file, gocmd.MergeOverlay(file, user, replace)
}

// insert makes the insertions into one file, each at exactly one place.
func insert(src []byte, list []insertion) ([]byte, error) {
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parsing the toolchain: %w", err)
	}
	type edit struct {
		at   int
		text string
	}
	var edits []edit
	for _, in := range list {
		found := 0
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Name.Name != in.fn || fn.Body == nil {
				continue
			}
			if in.find == nil {
				found++
				edits = append(edits, edit{int(fn.Body.Lbrace), in.text})
				continue
			}
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				s, ok := n.(ast.Stmt)
				if !ok || !in.find(src, s) {
					return true
				}
				found++
				at := int(s.End()) - 1
				if in.before {
					at = int(s.Pos()) - 1
				}
				edits = append(edits, edit{at, in.text})
				return false
			})
		}
		if found != 1 {
			return nil, &Unsupported{fmt.Sprintf("%s: %d places for %q in %s, want 1", in.file, found, in.text, in.fn)}
		}
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.at - a.at })
	for _, e := range edits {
		src = slices.Concat(src[:e.at], []byte(e.text), src[e.at:])
	}
	return src, nil
}
