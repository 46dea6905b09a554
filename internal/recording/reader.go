package recording

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A File is a recording, but for its trace, which is read apart.
type File struct {
	Header   Header
	Start    *Start // nil where the process told nothing of itself
	Stop     *Stop  // nil where it was cut off
	End      *End   // nil where who recorded it was cut off
	Metrics  []Sample
	Profiles []Profile
	GCLog    []string
	Stacks   StackTable
	// TraceBytes is the length of the trace.
	TraceBytes int64
	// Skipped counts chunks of kinds that this version does not know.
	Skipped int
	// Partial says what is missing, nil if nothing: the file ends within a
	// chunk, or a chunk is damaged. What came before is there.
	Partial *Error

	r      io.ReaderAt
	traces []span
	buf    []byte // of the payload last read
	close  func() error
}

// A span is a payload's place in the file.
type span struct{ at, n int64 }

// Open reads a recording. The error is an [Error] if the file is there but
// holds none, or one of a newer version.
func Open(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &Error{File: name, Msg: "is a directory"}
	}
	var file *File
	if err == nil {
		file, err = Read(f, info.Size(), name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	file.close = f.Close
	return file, nil
}

// Close closes the file; Trace reads from it until then.
func (f *File) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

// Read reads a recording of size bytes; name is for errors.
func Read(r io.ReaderAt, size int64, name string) (*File, error) {
	if err := checkMagic(r, size, name); err != nil {
		return nil, err
	}
	f := &File{r: r}
	err := f.chunks(size)
	var broken *Error
	if errors.As(err, &broken) {
		broken.File = name
		f.Partial = broken
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if f.Header.Time.IsZero() {
		return nil, &Error{File: name, Msg: "a recording without its header", Err: f.Partial.orNil()}
	}
	if f.Partial == nil && f.End == nil {
		f.Partial = &Error{File: name, Msg: "it has no end: what recorded it was stopped", At: size}
	}
	return f, nil
}

// orNil returns e, or an error that is nil.
func (e *Error) orNil() error {
	if e == nil {
		return nil
	}
	return e
}

// IsRecording reports whether data begins like a recording, of any version.
func IsRecording(data []byte) bool { return bytes.HasPrefix(data, []byte(magic)) }

// checkMagic reads the first line.
func checkMagic(r io.ReaderAt, size int64, name string) error {
	line := make([]byte, min(size, int64(len(Magic))+8))
	if _, err := r.ReadAt(line, 0); err != nil && err != io.EOF {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	if bytes.HasPrefix(line, []byte(Magic)) {
		return nil
	}
	not := &Error{File: name, Msg: "not a recording", Hint: "stackward heap record makes one"}
	version, ok := bytes.CutPrefix(line, []byte(magic))
	version, _, whole := bytes.Cut(version, []byte("\n"))
	switch {
	case size == 0:
		not.Msg = "an empty file"
	case ok && whole && len(version) > 0 && len(bytes.Trim(version, "0123456789")) == 0:
		not.Msg = fmt.Sprintf("a recording of format %s, and this stackward reads format 1", version)
		not.Hint = "read it with the stackward that made it, or a newer one"
	case bytes.HasPrefix([]byte(Magic), line):
		not.Msg = "cut off within its first line"
	case bytes.HasPrefix(line, []byte("go 1.")):
		not.Msg = "an execution trace, not a recording"
		not.Hint = "make one of it: stackward heap record -o FILE " + name
	}
	return not
}

// chunks reads all chunks; an *Error says what is damaged.
func (f *File) chunks(size int64) error {
	for at := int64(len(Magic)); at < size; {
		if f.End != nil {
			return damage(at, "%d bytes follow its end", size-at)
		}
		n, err := f.chunk(at, size)
		if err != nil {
			return err
		}
		at += n
	}
	return nil
}

// chunk reads the chunk at an offset and returns its length.
func (f *File) chunk(at, size int64) (int64, error) {
	if size-at < headBytes {
		return 0, damage(at, "cut off %d bytes into a chunk", size-at)
	}
	var head [headBytes]byte
	if _, err := f.r.ReadAt(head[:], at); err != nil && err != io.EOF {
		return 0, err
	}
	kind, n := Kind(head[0]), int64(binary.LittleEndian.Uint32(head[1:]))
	if n > MaxChunk {
		return 0, damage(at, "damaged at byte %d: a chunk of %d bytes", at, n)
	}
	if size-at-headBytes < n {
		return 0, damage(at, "cut off: %d of %d bytes of its last chunk", size-at-headBytes, n)
	}
	f.buf = slices.Grow(f.buf[:0], int(n))
	payload := f.buf[:n]
	if _, err := f.r.ReadAt(payload, at+headBytes); err != nil && err != io.EOF {
		return 0, err
	}
	if checksum(head[:5], payload) != binary.LittleEndian.Uint32(head[5:]) {
		return 0, damage(at, "damaged at byte %d: a chunk's checksum is wrong", at)
	}
	if err := f.take(kind, payload, at+headBytes); err != nil {
		return 0, damage(at, "damaged at byte %d: chunk %q: %v", at, kind, err)
	}
	return headBytes + n, nil
}

// take reads what a chunk holds.
func (f *File) take(kind Kind, payload []byte, at int64) error {
	switch kind {
	case KindHeader:
		return json.Unmarshal(payload, &f.Header)
	case KindStart:
		return json.Unmarshal(payload, &f.Start)
	case KindTrace:
		f.traces = append(f.traces, span{at, int64(len(payload))})
		f.TraceBytes += int64(len(payload))
	case KindMetrics:
		var s Sample
		if err := json.Unmarshal(payload, &s); err != nil {
			return err
		}
		f.Metrics = append(f.Metrics, s)
	case KindProfile:
		name, data, ok := bytes.Cut(payload, []byte("\n"))
		if !ok {
			return errors.New("a profile without a name")
		}
		f.Profiles = append(f.Profiles, Profile{string(name), bytes.Clone(data)})
	case KindStop:
		return json.Unmarshal(payload, &f.Stop)
	case KindGCLog:
		for line := range strings.Lines(string(payload)) {
			f.GCLog = append(f.GCLog, strings.TrimSuffix(line, "\n"))
		}
	case KindFrames:
		var t FrameTable
		if err := json.Unmarshal(payload, &t); err != nil {
			return err
		}
		return f.Stacks.add(&t)
	case KindEnd:
		return json.Unmarshal(payload, &f.End)
	default:
		f.Skipped++
	}
	return nil
}

// Span is how long the process was recorded, 0 where that is not known.
func (f *File) Span() time.Duration {
	if f.Start == nil || f.Stop == nil {
		return 0
	}
	return time.Duration(f.Stop.Time - f.Start.Time)
}

// Trace returns the execution trace, from its first byte.
func (f *File) Trace() io.Reader {
	readers := make([]io.Reader, len(f.traces))
	for i, s := range f.traces {
		readers[i] = io.NewSectionReader(f.r, s.at, s.n)
	}
	return io.MultiReader(readers...)
}
