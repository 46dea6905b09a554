// Package gcdiag reads the text in which the compiler tells what it decided:
// go build -gcflags=-m=2, go1.24 to go1.27.
//
//	# import/path                                         ← go command
//	./a.go:7:24: &T{...} escapes to heap in New:          explained
//	./a.go:7:24:   flow: ~r0 ← &{storage for &T{...}}:
//	./a.go:7:24:     from &T{...} (spill) at ./a.go:7:24
//	./a.go:7:24: &T{...} escapes to heap                  plain
//	        ↓
//	alloc.Diagnostic{Verdict: EscapesToHeap, Func: "New", Expr: "&T{...}", Flow: …}
//
// The explained and the plain line of one expression become one Diagnostic.
// Several expressions may share one position: what stands in an inlined body is
// reported at the outermost call. Statements that the compiler repeats, for
// each instantiation of a generic function or each copy inlined at one place,
// are told once.
//
// The forms are those of cmd/compile/internal/{escape,inline,walk,devirtualize}.
// go1.24 names no function behind "escapes to heap" and writes "=" in a flow.
//
// Limits: the text has no inline stack, so a Diagnostic does not know which
// body an expression at a call's position comes from.
package gcdiag

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// An Unknown is a line that is no diagnostic of these forms: a compile error,
// a linker's message, a statement of a later compiler.
type Unknown struct {
	Package string
	Text    string
}

func (u *Unknown) Error() string {
	return fmt.Sprintf("compiling %s: %s", u.Package, u.Text)
}

// Read yields the diagnostics of r, package by package in the order of the
// text. Relative file names are resolved against dir, the go command's working
// directory. A line that is no diagnostic is yielded as an [*Unknown], and
// reading goes on; any other error ends the sequence.
func Read(r io.Reader, dir string) iter.Seq2[*alloc.Diagnostic, error] {
	return func(yield func(*alloc.Diagnostic, error) bool) {
		rd := &reader{dir: dir, files: make(map[string]string), texts: make(map[string]string)}
		rd.begin("")
		br := bufio.NewReaderSize(r, 256<<10)
		for {
			line, err := readLine(br)
			if len(line) > 0 && !rd.line(line, yield) {
				return
			}
			if err == io.EOF {
				rd.end(yield)
				return
			}
			if err != nil {
				if rd.end(yield) {
					yield(nil, fmt.Errorf("reading compiler diagnostics: %w", err))
				}
				return
			}
		}
	}
}

// maxLine bounds a line: an expression's text can be as long as the source, and
// its end, which holds the verdict, must be seen.
const maxLine = 16 << 20

// readLine returns the next line without its end. The slice is only valid
// until the next call.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		long := bytes.Clone(line)
		for err == bufio.ErrBufferFull {
			line, err = br.ReadSlice('\n')
			if len(long)+len(line) <= maxLine {
				long = append(long, line...)
			}
		}
		line = long
	}
	return bytes.TrimRight(line, "\r\n"), err
}

// A reader holds the state of one package's text.
type reader struct {
	dir   string
	files map[string]string // names as printed → absolute
	texts map[string]string // interned

	pkg   string
	out   []*alloc.Diagnostic
	seen  map[key]*alloc.Diagnostic
	open  map[alloc.Pos][]*alloc.Diagnostic // explained, their plain line not seen yet
	last  *alloc.Diagnostic                 // whose flow is being read
	flows []alloc.FlowLine
}

// A key tells statements apart.
type key struct {
	pos     alloc.Pos
	verdict alloc.Verdict
	expr    string
	to      string
}

func (r *reader) begin(pkg string) {
	r.pkg = pkg
	r.out = nil
	r.seen = make(map[key]*alloc.Diagnostic)
	r.open = make(map[alloc.Pos][]*alloc.Diagnostic)
	r.last = nil
}

// end yields the package's diagnostics.
func (r *reader) end(yield func(*alloc.Diagnostic, error) bool) bool {
	r.closeFlow()
	for _, d := range r.out {
		if !yield(d, nil) {
			return false
		}
	}
	return true
}

var (
	flowPrefix = []byte("  flow: ")
	fromPrefix = []byte("    from ")
)

// line takes in one line; false ends the reading.
func (r *reader) line(line []byte, yield func(*alloc.Diagnostic, error) bool) bool {
	if line[0] == '#' && len(line) > 2 && line[1] == ' ' {
		if !r.end(yield) {
			return false
		}
		pkg := string(line[2:])
		if i := strings.Index(pkg, " ["); i >= 0 {
			pkg = pkg[:i]
		}
		r.begin(pkg)
		return true
	}
	pos, msg, ok := r.position(line)
	if !ok {
		// What the compiler makes up itself has no position.
		if noise(line) {
			return true
		}
		return yield(nil, &Unknown{r.pkg, string(line)})
	}
	if len(msg) > 2 && msg[0] == ' ' {
		r.flow(msg)
		return true
	}
	r.closeFlow()
	if !r.statement(pos, msg) {
		return yield(nil, &Unknown{r.pkg, string(line)})
	}
	return true
}

// position cuts "FILE:LINE:COL: MSG" or "FILE:LINE: MSG". The file's name may
// hold colons, a drive letter's among them.
func (r *reader) position(line []byte) (pos alloc.Pos, msg []byte, ok bool) {
	for from := 0; ; {
		i := bytes.IndexByte(line[from:], ':')
		if i < 0 {
			return pos, nil, false
		}
		i += from
		n, end := number(line, i+1)
		if end == i+1 || end >= len(line) || line[end] != ':' {
			from = i + 1
			continue
		}
		pos.Line = n
		if col, e := number(line, end+1); e > end+1 && e < len(line) && line[e] == ':' {
			pos.Col, end = col, e
		}
		if end+1 >= len(line) || line[end+1] != ' ' {
			from = i + 1
			pos = alloc.Pos{}
			continue
		}
		pos.File = r.file(line[:i])
		return pos, line[end+2:], true
	}
}

// number reads decimal digits of b from i on.
//
//stackward:noalloc
func number(b []byte, i int) (n, end int) {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' && n < 1<<28 {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, i
}

// file is the absolute name of a file as printed.
func (r *reader) file(name []byte) string {
	if f, ok := r.files[string(name)]; ok {
		return f
	}
	f := string(name)
	if f != "" && f[0] != '<' && !filepath.IsAbs(f) && !isDrive(f) {
		f = filepath.Join(r.dir, f)
	}
	f = filepath.ToSlash(f)
	r.files[string(name)] = f
	return f
}

// isDrive reports a Windows path, whatever system this one is.
func isDrive(f string) bool { return len(f) > 2 && f[1] == ':' && (f[2] == '\\' || f[2] == '/') }

// text interns the text of an expression: many are repeated.
func (r *reader) text(b []byte) string {
	if s, ok := r.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= 64 && len(r.texts) < 1<<16 {
		r.texts[s] = s
	}
	return s
}
