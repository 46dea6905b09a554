//go:build unix

package objscan

import (
	"os"
	"syscall"
)

// mapped calls f with the contents of a file, which are only valid during the
// call. The file is mapped rather than read: the archives of a build are
// hundreds of megabytes, of which a scan looks at a part, and the go command
// never changes one that is in its cache.
func mapped(name string, f func([]byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	st, err := file.Stat()
	if err != nil {
		return err
	}
	if st.Size() == 0 || st.Size() != int64(int(st.Size())) {
		return f(nil)
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(st.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return &os.PathError{Op: "mmap", Path: name, Err: err}
	}
	defer syscall.Munmap(data)
	return f(data)
}
