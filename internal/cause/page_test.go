package cause

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs"
	"github.com/stackward-go/stackward/internal/gcdiag"
)

// An example is one Go block of causes.md, compiled.
type example struct {
	diagnostics []*alloc.Diagnostic
	text        string   // what -m=2 prints
	calls       []string // functions called by the machine code, of -S
}

var callRE = regexp.MustCompile(`\tCALL\t(\S+)\(SB\)`)

func compile(t *testing.T, source string) example {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/p\n\ngo 1.24\n", "p.go": source} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	build := func(flags string) []byte {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags="+flags, ".")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go build -gcflags=%s: %v\n%s\n%s", flags, err, out, source)
		}
		return out
	}
	out := build("-m=2")
	e := example{text: strings.ReplaceAll(string(out), "./p.go", "p.go")}
	for d, err := range gcdiag.Read(bytes.NewReader(out), dir) {
		if _, ok := errors.AsType[*gcdiag.Unknown](err); ok {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		e.diagnostics = append(e.diagnostics, d)
	}
	for _, m := range callRE.FindAllStringSubmatch(string(build("-S")), -1) {
		e.calls = append(e.calls, m[1])
	}
	return e
}

// blocks returns the texts of the fenced blocks of one language.
func blocks(section, language string) []string {
	var list []string
	for {
		_, rest, ok := strings.Cut(section, "```"+language+"\n")
		if !ok {
			return list
		}
		block, rest, _ := strings.Cut(rest, "```")
		list, section = append(list, block), rest
	}
}

// more is what is known of the examples beside the compiler's words: by syntax,
// by the frames of a measurement, by who looked at the callers.
var more = map[alloc.Cause]func(*Evidence){
	alloc.DynamicCall:  func(e *Evidence) { e.DynamicCall = true },
	alloc.InGoroutine:  func(e *Evidence) { e.Hint = alloc.Goroutine },
	alloc.Loop:         func(e *Evidence) { e.InLoop = true },
	alloc.NotInlined:   func(e *Evidence) { e.NotInlined, e.CallerKeeps = "marked go:noinline", true },
	alloc.InInterface:  func(e *Evidence) { e.Hint = alloc.Interface },
	alloc.TooLarge:     func(e *Evidence) { e.Hint = alloc.Variable },
	alloc.CallArgument: func(e *Evidence) { e.InLoop = true }, // which changes nothing
	alloc.Reflection: func(e *Evidence) {
		e.Calls = nil
		e.Entry, e.Frames = "reflect.unsafe_New", []alloc.Frame{{Func: "reflect.New"}, {Func: "example.com/p.Make"}}
	},
}

// kinds are those of the examples.
var kinds = map[alloc.Cause]alloc.Kind{
	alloc.Returned: alloc.Variable, alloc.Stored: alloc.Variable, alloc.InInterface: alloc.Interface,
	alloc.Captured: alloc.Variable, alloc.TooLarge: alloc.Variable, alloc.UnknownSize: alloc.Slice,
	alloc.Growth: alloc.Append, alloc.CallArgument: alloc.Variable, alloc.DynamicCall: alloc.Variable,
	alloc.InGoroutine: alloc.Goroutine, alloc.Conversion: alloc.String, alloc.Concatenation: alloc.String,
	alloc.Reflection: alloc.New, alloc.ByRuntime: alloc.Chan, alloc.NotInlined: alloc.Composite, alloc.Loop: alloc.Variable,
}

// TestPages compiles the examples of causes.md with the installed toolchain:
// the words beside each must be printed, must lead to the cause of the section,
// and must be gone from the example that follows.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, c := range alloc.Causes {
		t.Run(string(c), func(t *testing.T) {
			t.Parallel()
			section, ok := docs.Cause(c)
			source, words := blocks(section, "go"), blocks(section, "text")
			if !ok || len(source) == 0 || len(words) != 1 {
				t.Fatalf("the section has %d examples and %d blocks of the compiler's words", len(source), len(words))
			}
			before := compile(t, source[0])
			var e Evidence
			for line := range strings.Lines(words[0]) {
				line = strings.TrimRight(line, "\n")
				if fn, ok := strings.CutPrefix(line, "CALL "); ok {
					fn = strings.TrimSuffix(fn, "(SB)")
					if !slices.Contains(before.calls, fn) {
						t.Errorf("the machine code does not call %s, but %q", fn, before.calls)
					}
					e.Calls = append(e.Calls, alloc.Call{Package: "example.com/p", Entry: fn, Bytes: -1})
					continue
				}
				if !strings.Contains(before.text, line+"\n") {
					t.Errorf("the compiler does not print %q, but\n%s", line, before.text)
				}
				for _, d := range before.diagnostics {
					if e.Diagnostic == nil && of(d, line) {
						e.Diagnostic = d
					}
				}
			}
			if f := more[c]; f != nil {
				f(&e)
			}
			if k, got := Of(e); got != c || k != kinds[c] {
				t.Errorf("Of = %s, %s; want %s, %s; evidence %+v", k, got, kinds[c], c, e.Diagnostic)
			}
			if len(source) < 2 {
				t.Fatal("the section does not show what removes the cause")
			}
			after := compile(t, source[1])
			if e.Calls != nil {
				for _, call := range e.Calls {
					if slices.Contains(after.calls, call.Entry) {
						t.Errorf("the second example still calls %s", call.Entry)
					}
				}
			} else if line := strings.SplitN(words[0], "\n", 2)[0]; c != alloc.Reflection && strings.Contains(after.text, line[strings.IndexByte(line, ' '):]+"\n") {
				t.Errorf("of the second example the compiler still says %q", line)
			}
		})
	}
}

// of reports whether line is the first that d was read from.
func of(d *alloc.Diagnostic, line string) bool {
	if d.Verdict != alloc.EscapesToHeap && d.Verdict != alloc.MovedToHeap && d.Verdict != alloc.StaysOnStack {
		return false
	}
	_, words, _ := strings.Cut(line, ": ")
	words = strings.TrimPrefix(words, "moved to heap: ")
	return words == d.Expr || strings.HasPrefix(words, d.Expr+" escapes to heap") || strings.HasPrefix(words, d.Expr+" does not escape") ||
		words == "append escapes to heap" && strings.HasPrefix(d.Expr, "append(")
}
