package rewrite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// A File becomes the file of a name once it is whole. What is no regular file,
// such as a device or a pipe, is written to as it is.
type File struct {
	*os.File
	name string // "" for what is written to directly
}

// Create begins a file, which keeps the mode of one that is there; a symbolic
// link stays one.
func Create(name string) (*File, error) {
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
			return &File{File: f}, err
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
	return &File{f, name}, nil
}

// cause is why a file could not be made, without the name of the temporary one.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// Commit puts the file in its place.
func (f *File) Commit() error {
	err := f.Close()
	if f.name == "" || err != nil {
		f.Discard()
		return err
	}
	if err := os.Rename(f.File.Name(), f.name); err != nil {
		f.Discard()
		return err
	}
	return nil
}

// Discard leaves what was there before.
func (f *File) Discard() error {
	f.Close() // a second time after Commit
	if f.name == "" {
		return nil
	}
	return os.Remove(f.File.Name())
}
