package gitrev

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// The modes of what is no plain file (git help fast-import, "mode").
const (
	modeLink      = "120000"
	modeSubmodule = "160000"
	modeNone      = "000000"
)

// Overlay says which file stands for which of the work tree, so that the tree is
// that of a commit: names are absolute, "" stands for a file that is not there.
// The files are written into a directory.
func (r *Repo) Overlay(ctx context.Context, commit, into string) (map[string]string, error) {
	overlay := make(map[string]string)
	if err := r.overlay(ctx, commit, into, overlay); err != nil {
		return nil, fmt.Errorf("reading revision %s: %w", commit, err)
	}
	return overlay, nil
}

func (r *Repo) overlay(ctx context.Context, commit, into string, overlay map[string]string) error {
	changes, err := r.changes(ctx, commit)
	if err != nil {
		return err
	}
	var blobs []change
	links := make(map[string]string) // names of links and of the files with their text
	for _, c := range changes {
		switch c.mode {
		case modeNone:
			overlay[r.place(c.name)] = ""
		case modeSubmodule:
			sub, err := r.submodule(ctx, c.name, c.object)
			if err == nil && sub != nil {
				err = sub.overlay(ctx, c.object, into, overlay)
			}
			if err != nil {
				return err
			}
		default:
			blobs = append(blobs, c)
		}
	}
	if err := r.blobs(ctx, blobs, into); err != nil {
		return err
	}
	for _, c := range blobs {
		file := filepath.Join(into, c.object)
		overlay[r.place(c.name)] = file
		if c.mode == modeLink {
			links[c.name] = file
		}
	}
	// A link's text is the name of what it stands for.
	for name, file := range links {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		target := r.place(path.Join(path.Dir(name), string(text)))
		if path.IsAbs(string(text)) {
			target = filepath.FromSlash(string(text))
		}
		if there, ok := overlay[target]; ok {
			target = there
		}
		if st, err := os.Stat(target); err == nil && st.IsDir() {
			delete(overlay, r.place(name)) // which no pattern of packages follows
			continue
		}
		overlay[r.place(name)] = target
	}
	others, err := r.git(ctx, "ls-files", "-z", "--others", "--exclude-standard")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(string(others), "\x00") {
		if name != "" && !strings.HasSuffix(name, "/") { // a repository of its own
			overlay[r.place(name)] = ""
		}
	}
	return nil
}

// Vendored reports whether an overlay changes a list of vendored modules, which
// the go command reads past it.
func (r *Repo) Vendored(overlay map[string]string) bool {
	for name := range overlay {
		if strings.HasSuffix(filepath.ToSlash(name), "/vendor/modules.txt") {
			return true
		}
	}
	return false
}

// A change is a file of the commit that the work tree has otherwise.
type change struct {
	name         string // relative to the top, slash-separated
	mode, object string // in the commit
}

// changes are the files that are not the same in the work tree as in a commit.
func (r *Repo) changes(ctx context.Context, commit string) ([]change, error) {
	out, err := r.git(ctx, "diff", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff", "--no-color",
		"--no-relative", "--ignore-submodules=none", commit, "--")
	if err != nil {
		return nil, err
	}
	// :MODE MODE OBJECT OBJECT STATUS NUL NAME NUL (git help diff, "raw output format")
	var list []change
	fields := strings.Split(string(out), "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		head := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(head) != 5 {
			return nil, fmt.Errorf("reading git diff: unknown line %q", fields[i])
		}
		list = append(list, change{fields[i+1], head[0], head[2]})
	}
	return list, nil
}

// blobs writes the objects of changes into files of their names.
func (r *Repo) blobs(ctx context.Context, list []change, into string) error {
	if len(list) == 0 {
		return nil
	}
	cmd := r.command(ctx, "cat-file", "--batch")
	var ask bytes.Buffer
	for _, c := range list {
		ask.WriteString(c.object + "\n")
	}
	cmd.Stdin = &ask
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = write(bufio.NewReader(out), list, into)
	if err != nil {
		io.Copy(io.Discard, out) // so that git comes to its end
	}
	if werr := cmd.Wait(); werr != nil && err == nil {
		err = fmt.Errorf("git cat-file: %w: %s", werr, strings.TrimSpace(complaint.String()))
	}
	return err
}

// write reads the answers of git cat-file --batch: OBJECT TYPE SIZE LF CONTENTS LF.
func write(out *bufio.Reader, list []change, into string) error {
	for _, c := range list {
		head, err := out.ReadString('\n')
		if err != nil {
			return fmt.Errorf("reading git cat-file: %w", err)
		}
		f := strings.Fields(head)
		if len(f) != 3 || f[0] != c.object || f[1] != "blob" {
			return &Error{
				Msg:  "no text of " + c.name + ": git says " + strings.TrimSpace(head),
				Hint: "a partial clone fetches what is missing if it can reach its remote",
			}
		}
		size, err := strconv.ParseInt(f[2], 10, 64)
		if err != nil {
			return fmt.Errorf("reading git cat-file: %w", err)
		}
		file, err := os.Create(filepath.Join(into, c.object))
		if err != nil {
			return err
		}
		_, err = io.CopyN(file, out, size)
		if cerr := file.Close(); err == nil {
			err = cerr
		}
		if err == nil {
			_, err = out.ReadByte()
		}
		if err != nil {
			return fmt.Errorf("writing %s: %w", c.name, err)
		}
	}
	return nil
}
