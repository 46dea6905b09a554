package gocmd

import (
	"bytes"
	"io"
	"strings"
)

// A chatter takes what a go command writes to its standard error apart: the
// compiler's text, in sections headed "# import/path" that the go command
// writes whole; what the go command itself has to say, each line "go: …"; and
// with -v the bare import paths of what it starts to compile.
type chatter struct {
	text   map[string]*bytes.Buffer // by package, with the heads of its sections
	stderr io.Writer
	meter  *meter
	tests  bool                   // of packages with their tests
	keep   func(line []byte) bool // of the compiler's lines, nil all
	err    error                  // of stderr

	pkg  string // of the current section
	drop bool   // the section is that of a main package written for a test
	goes bool   // the last line was the go command's
	part []byte // the last line, while it is incomplete
	own  []byte // what the go command said
	last []byte // the end of everything
}

func (w *chatter) Write(p []byte) (int, error) {
	n := len(p)
	if len(w.part) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			w.part = append(w.part, p...)
			return n, nil
		}
		line := append(w.part, p[:i+1]...)
		w.part = nil
		w.lines(line)
		p = p[i+1:]
	}
	i := bytes.LastIndexByte(p, '\n') + 1
	w.lines(p[:i])
	w.part = append(w.part, p[i:]...)
	if w.err != nil {
		return 0, w.err
	}
	return n, nil
}

// flush passes on a last line without an end.
func (w *chatter) flush() error {
	if len(w.part) > 0 {
		w.lines(append(w.part, '\n'))
		w.part = nil
	}
	return w.err
}

// lines takes whole lines; what is the compiler's is kept in one piece where it
// can be.
func (w *chatter) lines(p []byte) {
	start, at := 0, 0
	pass := func(end int) {
		if end > start && !w.drop {
			if w.text[w.pkg] == nil {
				w.text[w.pkg] = new(bytes.Buffer)
			}
			w.text[w.pkg].Write(p[start:end])
		}
		start = end
	}
	for at < len(p) {
		end := at + bytes.IndexByte(p[at:], '\n') + 1
		line := p[at : end-1]
		more := w.goes && bytes.HasPrefix(line, []byte("\t")) // of what the go command said
		w.goes = more || bytes.HasPrefix(line, []byte("go: "))
		switch {
		case bytes.HasPrefix(line, []byte("# ")) && !bytes.HasPrefix(line, []byte("# [")):
			pass(at)
			w.pkg = string(line[2:])
			w.drop = w.tests && strings.HasSuffix(w.pkg, ".test")
			if w.meter != nil {
				w.meter.done(w.pkg)
			}
		case w.goes:
			pass(at)
			w.said(p[at:end])
			start = end
		case w.meter != nil && bare(line):
			pass(at)
			w.meter.started(string(line))
			start = end
		case w.keep != nil && !w.keep(line):
			pass(at)
			start = end
		}
		at = end
	}
	pass(len(p))
	const most = 4 << 10
	w.last = append(w.last, p[max(0, len(p)-most):]...)
	w.last = w.last[max(0, len(w.last)-most):]
}

// bare reports whether a line is nothing but an import path: no line of the
// compiler is without a blank.
func bare(line []byte) bool {
	return len(line) > 0 && bytes.IndexByte(line, ' ') < 0 && bytes.IndexByte(line, ':') < 0 ||
		bytes.HasSuffix(line, []byte("]")) && bytes.Count(line, []byte(" ")) == 1 && bytes.IndexByte(line, ':') < 0
}

func (w *chatter) said(line []byte) {
	if what, ok := bytes.CutPrefix(line, []byte("go: downloading ")); ok {
		if w.meter != nil {
			w.meter.downloading(strings.TrimSpace(string(what)))
		}
	} else if !bytes.HasPrefix(line, []byte("go: warning: ")) {
		w.own = append(w.own, line...)
	}
	if w.stderr != nil && w.err == nil {
		_, w.err = w.stderr.Write(line)
	}
}

// reason is what the go command said before it gave up.
func (w *chatter) reason() string {
	if len(w.own) > 0 {
		return string(w.own)
	}
	return string(w.last)
}
