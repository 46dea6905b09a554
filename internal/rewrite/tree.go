package rewrite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// A Tree is source files with texts that are not on disk: the difference
// between what the user has and what is tried. Names are absolute.
type Tree map[string][]byte

// With is the tree with other files on top.
func (t Tree) With(files Tree) Tree {
	out := maps.Clone(t)
	if out == nil {
		out = make(Tree)
	}
	maps.Copy(out, files)
	return out
}

// Overlay writes the tree into dir, for the go command's -overlay, on top of
// the replacements of the user's own; it returns the file to name. A file of
// the same text has the same name every time, so that what is compiled of it is
// found in the build cache.
func (t Tree) Overlay(dir string, users map[string]string) (string, error) {
	replace := maps.Clone(users)
	if replace == nil {
		replace = make(map[string]string)
	}
	n := 0
	for _, name := range slices.Sorted(maps.Keys(t)) {
		var file string
		for ; ; n++ {
			file = filepath.Join(dir, strconv.Itoa(n)+"-"+filepath.Base(name))
			have, err := os.ReadFile(file)
			if errors.Is(err, os.ErrNotExist) {
				break
			}
			if err != nil {
				return "", fmt.Errorf("writing overlay: %w", err)
			}
			if bytes.Equal(have, t[name]) {
				break
			}
		}
		if err := os.WriteFile(file, t[name], 0o600); err != nil {
			return "", fmt.Errorf("writing overlay: %w", err)
		}
		replace[name] = file
	}
	data, err := json.Marshal(struct{ Replace map[string]string }{replace})
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "overlay-*.json")
	if err != nil {
		return "", fmt.Errorf("writing overlay: %w", err)
	}
	if _, err := f.Write(data); err != nil {
		f.Close()
		return "", fmt.Errorf("writing overlay: %w", err)
	}
	return f.Name(), f.Close()
}

// ErrChanged is why Write refuses: a file is not what the edits were made for.
var ErrChanged = errors.New("the file has changed meanwhile")

// Write writes the tree's files. Each is replaced whole or not at all; none is
// where one of them is not what was read before: before has what each was.
func (t Tree) Write(before Tree) error {
	var staged []*File
	defer func() {
		for _, f := range staged {
			f.Discard() // nothing, where it was committed
		}
	}()
	names := slices.Sorted(maps.Keys(t))
	for _, name := range names {
		now, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Equal(now, before[name]) {
			return fmt.Errorf("writing %s: %w", name, ErrChanged)
		}
		f, err := Create(name)
		if err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		staged = append(staged, f)
		if _, err := f.Write(t[name]); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	for i, f := range staged {
		if err := f.Commit(); err != nil {
			return fmt.Errorf("writing %s: %w", names[i], err)
		}
	}
	return nil
}
