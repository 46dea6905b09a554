package recording

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// headBytes is the length of a chunk before its payload.
const headBytes = 9

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendChunk appends a chunk to b.
func AppendChunk(b []byte, kind Kind, payload []byte) []byte {
	head := len(b)
	b = append(b, byte(kind))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(payload)))
	sum := checksum(b[head:], payload)
	b = binary.LittleEndian.AppendUint32(b, sum)
	return append(b, payload...)
}

// checksum is that of a chunk: kind and length, as in the file, and payload.
func checksum(head, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, payload)
}

// A Writer writes a recording to a file, chunk by chunk.
type Writer struct {
	f   *os.File
	buf []byte
	// size is the length of the file, known to be whole chunks.
	size int64
}

// Create makes the file of a recording, with its header.
func Create(name string, h *Header) (*Writer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o666)
	if err != nil {
		return nil, err
	}
	w := &Writer{f: f}
	if err = w.append([]byte(Magic)); err == nil {
		err = w.JSON(KindHeader, h)
	}
	if err != nil {
		info, statErr := f.Stat()
		f.Close()
		if statErr == nil && info.Mode().IsRegular() {
			os.Remove(name)
		}
		return nil, err
	}
	return w, nil
}

// Write appends a chunk.
func (w *Writer) Write(kind Kind, payload []byte) error {
	if len(payload) > MaxChunk {
		return fmt.Errorf("a chunk of %d bytes is too long", len(payload))
	}
	w.buf = AppendChunk(w.buf[:0], kind, payload)
	return w.append(w.buf)
}

// JSON appends a chunk that holds v.
func (w *Writer) JSON(kind Kind, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.Write(kind, data)
}

// append writes p whole or not at all: what a full disk leaves of it is taken
// back.
func (w *Writer) append(p []byte) error {
	n, err := w.f.Write(p)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, w.f.Truncate(w.size))
		}
		return err
	}
	w.size += int64(n)
	return nil
}

// Size is the length of the file so far, without what others appended since
// Resume.
func (w *Writer) Size() int64 { return w.size }

// Resume goes on behind what another process has appended. Of a chunk that was
// not finished nothing stays.
func (w *Writer) Resume() error {
	info, err := w.f.Stat()
	if err != nil {
		return err
	}
	end, err := wholeChunks(w.f, info.Size())
	if err != nil {
		return err
	}
	if end < info.Size() {
		if err := w.f.Truncate(end); err != nil {
			return err
		}
	}
	w.size = end
	return nil
}

// wholeChunks is the offset behind the last whole chunk. It reads the heads
// only; the last payload's checksum is the reader's to check.
func wholeChunks(r io.ReaderAt, size int64) (int64, error) {
	at := int64(len(Magic))
	var head [headBytes]byte
	for at+headBytes <= size {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return 0, err
		}
		n := int64(binary.LittleEndian.Uint32(head[1:]))
		if n > MaxChunk || at+headBytes+n > size {
			break
		}
		at += headBytes + n
	}
	return at, nil
}

// Close closes the file.
func (w *Writer) Close() error { return w.f.Close() }
