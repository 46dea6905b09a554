package benchrun

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/stackward-go/stackward/internal/gocmd"
)

// A target is a package with tests.
type target struct {
	pkg, dir string
	funcs    []string // BenchmarkX; or TestX and FuzzX
}

// targets lists the packages that have a function that pattern may match,
// being of one of the prefixes "Benchmark", "Test" and "Fuzz".
func targets(ctx context.Context, cfg *gocmd.Config, patterns, prefixes []string, pattern string) ([]target, error) {
	match, err := matcher(pattern)
	if err != nil {
		return nil, &Error{Msg: fmt.Sprintf("invalid regular expression %q", pattern), Usage: true, Err: err}
	}
	b, err := cfg.List(ctx, gocmd.Request{Patterns: patterns, Tests: true})
	if err != nil {
		return nil, err
	}
	var out []target
	for _, p := range b.Packages {
		if p.ForTest == "" {
			continue
		}
		var funcs []string
		for _, file := range p.GoFiles {
			if !strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, fn := range testFuncs(file, prefixes) {
				if match(fn) {
					funcs = append(funcs, fn)
				}
			}
		}
		if len(funcs) == 0 {
			continue
		}
		// A package and its external tests are one target.
		i := slices.IndexFunc(out, func(t target) bool { return t.pkg == p.ForTest })
		if i < 0 {
			i = len(out)
			out = append(out, target{pkg: p.ForTest, dir: p.Dir})
		}
		out[i].funcs = append(out[i].funcs, funcs...)
	}
	return out, nil
}

// testFuncs lists the functions of a test file that package testing would run.
// A file that does not parse has none: the compiler will have more to say.
func testFuncs(file string, prefixes []string) []string {
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil && f == nil {
		return nil
	}
	var out []string
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || fn.Type.Params.NumFields() != 1 {
			continue
		}
		for _, prefix := range prefixes {
			rest, ok := strings.CutPrefix(fn.Name.Name, prefix)
			if first, _ := utf8.DecodeRuneInString(rest); ok && (rest == "" || !unicode.IsLower(first)) {
				out = append(out, fn.Name.Name)
			}
		}
	}
	return out
}

// matcher returns what a -bench or -run pattern says of top-level functions:
// alternatives separated by |, elements by /, of which the first counts.
func matcher(pattern string) (func(string) bool, error) {
	var res []*regexp.Regexp
	for _, alt := range splitTop(pattern, '|') {
		re, err := regexp.Compile(splitTop(alt, '/')[0])
		if err != nil {
			return nil, err
		}
		res = append(res, re)
	}
	return func(name string) bool {
		return slices.ContainsFunc(res, func(re *regexp.Regexp) bool { return re.MatchString(name) })
	}, nil
}

// splitTop splits at sep outside of brackets and parentheses.
func splitTop(s string, sep byte) []string {
	var out []string
	square, round, last := 0, 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\':
			i++
		case c == '[':
			square++
		case c == ']':
			square = max(0, square-1)
		case c == '(' && square == 0:
			round++
		case c == ')' && square == 0:
			round--
		case c == sep && square == 0 && round == 0:
			out = append(out, s[last:i])
			last = i + 1
		}
	}
	return append(out, s[last:])
}

// buildTest compiles the test binary of t: with the recorder, or, if tc is nil,
// without. go vet is for the user's own runs.
func buildTest(ctx context.Context, cfg *gocmd.Config, tc *toolchain, t target, to string) error {
	args := []string{"-c", "-vet=off", "-o", to, t.pkg}
	var out string
	var err error
	if tc != nil {
		out, err = tc.build(ctx, "test", args...)
	} else {
		cmd := cfg.Command(ctx, slices.Concat([]string{"test"}, cfg.Flags(), args)...)
		var buf bytes.Buffer
		cmd.Stdout, cmd.Stderr = &buf, &buf
		err = cfg.Run(ctx, cmd)
		out = buf.String()
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return buildFailure("the tests of "+t.pkg, out, err)
	}
	if !exists(to) {
		return &Error{Msg: "building the tests of " + t.pkg + ": the go command wrote no binary", Output: out}
	}
	return nil
}

func buildFailure(what, out string, err error) error {
	first := err.Error()
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "go: downloading") {
			first = strings.TrimPrefix(line, "go: ")
			break
		}
	}
	return &Error{Msg: "building " + what + ": " + first, Output: tailOf(out)}
}

// tailOf returns the end of a program's output.
func tailOf(s string) string {
	const most = 8 << 10
	if len(s) <= most {
		return s
	}
	s = s[len(s)-most:]
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// tempDir makes a directory for one binary and its records.
func tempDir() (string, error) {
	dir, err := os.MkdirTemp("", "stackward-run-")
	if err != nil {
		return "", fmt.Errorf("making a temporary directory: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}
