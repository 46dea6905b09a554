package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs"
	"github.com/stackward-go/stackward/internal/engine"
	"github.com/stackward-go/stackward/internal/gobench"
	"github.com/stackward-go/stackward/internal/pprof"
	"github.com/stackward-go/stackward/internal/text"
)

// An output is where a report goes, and how it is written.
type output struct {
	format  string
	file    string
	top     int // rows of a table, 0 all
	compare bool
	refused bool
}

func (o *output) define(fs *flag.FlagSet) {
	fs.StringVar(&o.format, "format", "text", "`text` or json")
	fs.StringVar(&o.file, "o", "", "write to `file`")
}

// check refuses an unknown format, and a place that cannot be written to, before
// there is any work; more are the formats that a command has besides text and
// json.
func (o *output) check(e *env, more ...string) error {
	known := append([]string{"text", "json"}, more...)
	if !slices.Contains(known, o.format) {
		return usageError(fmt.Sprintf("-format: unknown format %q", o.format), "known are "+strings.Join(known, ", "))
	}
	if _, ok := terminal(e.stdout); ok && o.format == "pprof" && o.file == "" {
		return usageError("-format=pprof writes a binary file", "name it with -o cost.pb.gz")
	}
	if o.file == "" {
		return nil
	}
	f, err := o.create()
	if err != nil {
		return &engine.Error{Msg: "writing " + o.file, Hint: "-o needs a file in a directory that can be written to", Err: err}
	}
	return f.discard()
}

// write writes a report. A file is written whole or not at all.
func (o *output) write(e *env, r *alloc.Report) error {
	if o.file == "" {
		return o.encode(e.stdout, r)
	}
	f, err := o.create()
	if err == nil {
		if err = o.encode(f, r); err != nil {
			f.discard() // the first error is the one to tell
		} else {
			err = f.commit()
		}
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", o.file, err)
	}
	return nil
}

// A newFile becomes the file of a name once it is whole. What is no regular
// file, such as a device or a pipe, is written to as it is.
type newFile struct {
	*os.File
	name string // "" for what is written to directly
}

func (o *output) create() (*newFile, error) {
	name := o.file
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	mode := os.FileMode(0o644)
	if st, err := os.Stat(name); err == nil {
		if st.IsDir() {
			return nil, errors.New("it is a directory")
		}
		if !st.Mode().IsRegular() {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			return &newFile{File: f}, err
		}
		mode = st.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".stackward-*")
	if err != nil {
		return nil, cause(err)
	}
	if err := f.Chmod(mode); err != nil && runtime.GOOS != "windows" {
		f.Close()
		os.Remove(f.Name())
		return nil, err
	}
	return &newFile{f, name}, nil
}

// cause is why a file could not be made, without the name of the temporary one.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func (f *newFile) commit() error {
	err := f.Close()
	if f.name == "" || err != nil {
		f.discard()
		return err
	}
	if err := os.Rename(f.File.Name(), f.name); err != nil {
		f.discard()
		return err
	}
	return nil
}

func (f *newFile) discard() error {
	f.Close() // a second time after commit
	if f.name == "" {
		return nil
	}
	return os.Remove(f.File.Name())
}

func (o *output) encode(w io.Writer, r *alloc.Report) error {
	switch o.format {
	case "json":
		return r.WriteJSON(w)
	case "bench":
		return gobench.Write(w, r)
	case "pprof":
		return pprof.Write(w, r)
	}
	opt := text.Options{Top: o.top, Compare: o.compare, Refused: o.refused, Path: fromHere(r.Root), Line: sourceLines(r.Root), Remedy: docs.Remedy, Alone: docs.Alone}
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

// fromHere turns a report's file into one that can be opened from the current
// directory.
func fromHere(root string) func(string) string {
	here, err := os.Getwd()
	return func(file string) string {
		if file == "" || err != nil || filepath.IsAbs(filepath.FromSlash(file)) {
			return file
		}
		rel, err := filepath.Rel(here, filepath.Join(root, filepath.FromSlash(file)))
		if err != nil || strings.HasPrefix(rel, ".."+string(filepath.Separator)+"..") {
			return filepath.ToSlash(filepath.Join(root, filepath.FromSlash(file)))
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
