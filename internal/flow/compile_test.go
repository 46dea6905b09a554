package flow

import (
	"bufio"
	"bytes"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// compile has the installed toolchain compile packages in dir and returns what
// it says of each.
func compile(t testing.TB, dir string, packages ...string) map[string][]*alloc.Diagnostic {
	t.Helper()
	said := make(map[string][]*alloc.Diagnostic)
	for _, p := range packages {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-gcflags="+p+"=-m=2", p)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go build %s: %v\n%s", p, err, out)
		}
		said[p] = read(dir, p, out)
	}
	return said
}

var (
	lineRE    = regexp.MustCompile(`^(\S+?):(\d+)(?::(\d+))?: (.*)$`)
	escapesRE = regexp.MustCompile(`^(.*) escapes to heap in (.*):$`)
	leaksRE   = regexp.MustCompile(`^parameter (\S+) leaks to (.*) for (.*) with derefs=(\d+):$`)
	flowRE    = regexp.MustCompile(`^  flow: (.*) ← (.*):$`)
	fromRE    = regexp.MustCompile(`^    from (.*) \(([^()]*)\) at (?:<unknown line number>|(\S+?):(\d+)(?::(\d+))?)$`)
)

// read reads the compiler's text of one package: as much of it as flow needs.
func read(dir, pkg string, text []byte) []*alloc.Diagnostic {
	pos := func(file, line, col string) alloc.Pos {
		if file == "" {
			return alloc.Pos{}
		}
		if !filepath.IsAbs(file) && !strings.HasPrefix(file, "<") {
			file = filepath.Join(dir, file)
		}
		l, _ := strconv.Atoi(line)
		c, _ := strconv.Atoi(col)
		return alloc.Pos{File: filepath.ToSlash(file), Line: l, Col: c}
	}
	var list []*alloc.Diagnostic
	var last *alloc.Diagnostic
	sc := bufio.NewScanner(bytes.NewReader(text))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		m := lineRE.FindStringSubmatch(sc.Text())
		if m == nil {
			continue
		}
		d := &alloc.Diagnostic{Package: pkg, Pos: pos(m[1], m[2], m[3])}
		text := strings.TrimPrefix(m[4], " ")
		if strings.HasPrefix(m[4], "  ") {
			text = m[4]
		}
		if f := flowRE.FindStringSubmatch(text); f != nil {
			last.Flow = append(last.Flow, alloc.FlowLine{Dst: f[1], Src: f[2]})
			continue
		}
		if f := fromRE.FindStringSubmatch(text); f != nil {
			last.Flow = append(last.Flow, alloc.FlowLine{Text: f[1], Step: f[2], Pos: pos(f[3], f[4], f[5])})
			continue
		}
		if e := escapesRE.FindStringSubmatch(text); e != nil {
			d.Verdict, d.Expr, d.Func = alloc.EscapesToHeap, e[1], fold(e[2])
			last = d
		} else if e := leaksRE.FindStringSubmatch(text); e != nil {
			d.Verdict, d.Expr, d.To, d.Func = alloc.Leaks, e[1], e[2], fold(e[3])
			d.Derefs, _ = strconv.Atoi(e[4])
			last = d
		} else if x, ok := strings.CutPrefix(text, "inlining call to "); ok {
			d.Verdict, d.Expr = alloc.InlinesCall, x
		} else if x, ok := strings.CutPrefix(text, "can inline "); ok {
			x, _, _ = strings.Cut(x, " with cost")
			d.Verdict, d.Expr = alloc.CanInline, fold(x)
		} else if x, ok := strings.CutPrefix(text, "cannot inline "); ok {
			x, d.Reason, _ = strings.Cut(x, ": ")
			d.Verdict, d.Expr = alloc.CannotInline, fold(x)
		} else if x, ok := strings.CutSuffix(text, " does not escape"); ok {
			d.Verdict, d.Expr = alloc.StaysOnStack, x
		} else {
			continue
		}
		list = append(list, d)
	}
	return list
}
