package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs"
	"github.com/stackward-go/stackward/internal/ci"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gobench"
	"github.com/stackward-go/stackward/internal/pprof"
	"github.com/stackward-go/stackward/internal/rewrite"
	"github.com/stackward-go/stackward/internal/sarif"
	"github.com/stackward-go/stackward/internal/text"
)

// An output is where a report goes, and how it is written.
type output struct {
	format  string
	file    string
	top     int // rows of a table, 0 all
	compare bool
	refused bool
	every   bool
	also    []*output // the same report in other formats, each in its file
}

func (o *output) define(fs *flag.FlagSet) {
	fs.StringVar(&o.format, "format", "text", "`text` or json")
	fs.StringVar(&o.file, "o", "", "write to `file`")
}

// countVar defines a flag for a number of things, which is not negative.
func countVar(fs *flag.FlagSet, n *int, name string, otherwise int, usage string) {
	*n = otherwise
	fs.Func(name, usage, func(s string) error {
		v, err := strconv.Atoi(s)
		if err != nil || v < 0 {
			return errors.New("it is no number of at least 0")
		}
		*n = v
		return nil
	})
}

// check refuses an unknown format, and a place that cannot be written to, before
// there is any work; more are the formats that a command has besides text and
// json.
func (o *output) check(e *env, more ...string) error {
	known := append([]string{"text", "json"}, more...)
	for _, also := range o.also {
		if err := also.check(e, more...); err != nil {
			return err
		}
	}
	if !slices.Contains(known, o.format) {
		return usageError(fmt.Sprintf("-format: unknown format %q", o.format), "known are "+strings.Join(known, ", "))
	}
	if _, ok := terminal(e.stdout); ok && o.format == "pprof" && o.file == "" {
		return usageError("-format=pprof writes a binary file", "name it with -o cost.pb.gz")
	}
	if o.file == "" {
		return nil
	}
	return writable("-o", o.file)
}

// writable refuses a flag's file that cannot be written to.
func writable(flag, name string) error {
	f, err := rewrite.Create(name)
	if err != nil {
		return &engine.Error{Msg: "writing " + name, Hint: flag + " needs a file in a directory that can be written to", Err: err}
	}
	return f.Discard()
}

// split takes -format apart that has several: the first is for -o or stdout, the
// others name their files.
func (o *output) split() error {
	first, rest, more := strings.Cut(o.format, ",")
	o.format = first
	for more {
		var next string
		next, rest, more = strings.Cut(rest, ",")
		format, file, _ := strings.Cut(next, "=")
		if file == "" {
			return usageError(fmt.Sprintf("-format: %q has no file", next), "only the first goes to stdout or -o: -format=github,sarif=out.sarif")
		}
		o.also = append(o.also, &output{format: format, file: file})
	}
	return nil
}

// write writes a report. A file is written whole or not at all.
func (o *output) write(e *env, r *alloc.Report) error {
	for _, also := range o.also {
		if err := also.write(e, r); err != nil {
			return err
		}
	}
	if o.file == "" {
		return o.encode(e.stdout, r)
	}
	return writeFile(o.file, func(w io.Writer) error { return o.encode(w, r) })
}

// writeFile writes a file, whole or not at all.
func writeFile(name string, encode func(io.Writer) error) error {
	f, err := rewrite.Create(name)
	if err == nil {
		if err = encode(f); err != nil {
			f.Discard() // the first error is the one to tell
		} else {
			err = f.Commit()
		}
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

func (o *output) encode(w io.Writer, r *alloc.Report) error {
	switch o.format {
	case "json":
		return r.WriteJSON(w)
	case "bench":
		return gobench.Write(w, r)
	case "pprof":
		return pprof.Write(w, r)
	case "sarif":
		return sarif.Write(w, r, sarif.Options{Version: version(), Path: inRepository(r.Root), Line: sourceLines(r.Root), Cause: docs.Cause})
	case "github":
		return ci.GitHub(w, r, inRepository(r.Root))
	case "markdown":
		return ci.Markdown(w, r, inRepository(r.Root))
	case "junit":
		return ci.JUnit(w, r, inRepository(r.Root))
	case "checkstyle":
		return ci.Checkstyle(w, r, inRepository(r.Root))
	}
	opt := text.Options{Top: o.top, Compare: o.compare, Refused: o.refused, Every: o.every, Path: placesOf(r), Line: sourceLines(r.Root), Remedy: docs.Remedy, Alone: docs.Alone}
	if width, ok := terminal(w); ok {
		opt.Width = width
		opt.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	return text.Write(w, r, opt)
}

// terminal reports whether w is one, and its width in columns.
func terminal(w io.Writer) (width int, ok bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	return width, err == nil
}

// placesOf turns a report's file into the one to print. Of a recording the files of
// modules in the module cache are told as those of the module.
func placesOf(r *alloc.Report) func(string) string {
	path := fromHere(r.Root)
	if r.Header.Command != "heap" {
		return path
	}
	return func(file string) string { return inModule(path(file)) }
}

// inModule turns a file in a module cache into MODULE@VERSION/FILE, as -trimpath does.
// Whose cache it is need not be known: a recording may be of another machine.
func inModule(file string) string {
	if _, name, ok := strings.Cut(file, "/pkg/mod/"); ok && strings.Contains(name, "@v") {
		return name
	}
	return file
}

// fromHere turns a report's file into one that can be opened from the current
// directory.
func fromHere(root string) func(string) string {
	here, err := os.Getwd()
	return func(file string) string {
		if file == "" || err != nil {
			return file
		}
		if name := filepath.FromSlash(file); filepath.IsAbs(name) {
			if rel, err := filepath.Rel(here, name); err == nil && filepath.IsLocal(rel) {
				return filepath.ToSlash(rel)
			}
			return file
		}
		rel, err := filepath.Rel(here, filepath.Join(root, filepath.FromSlash(file)))
		if err != nil || strings.HasPrefix(rel, ".."+string(filepath.Separator)+"..") {
			return filepath.ToSlash(filepath.Join(root, filepath.FromSlash(file)))
		}
		return filepath.ToSlash(rel)
	}
}

// inRepository turns a report's file into its place in the repository that the
// module is in, which is what build servers know it by, or in the module where
// there is none. What is outside stays absolute.
func inRepository(root string) func(string) string {
	top := root
	for dir := root; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			top = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return func(file string) string {
		name := filepath.FromSlash(file)
		if file == "" {
			return ""
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(root, name)
		}
		rel, err := filepath.Rel(top, name)
		if err != nil || !filepath.IsLocal(rel) {
			return filepath.ToSlash(name)
		}
		return filepath.ToSlash(rel)
	}
}

// sourceLines reads source lines, each file once.
func sourceLines(root string) func(string, int) string {
	files := make(map[string][][]byte)
	return func(file string, line int) string {
		lines, ok := files[file]
		if !ok {
			name := filepath.FromSlash(file)
			if !filepath.IsAbs(name) {
				name = filepath.Join(root, name)
			}
			data, _ := os.ReadFile(name) // without it there is no line to show
			lines = bytes.Split(data, []byte("\n"))
			files[file] = lines
		}
		if line < 1 || line > len(lines) {
			return ""
		}
		return strings.TrimRight(string(lines[line-1]), "\r")
	}
}
