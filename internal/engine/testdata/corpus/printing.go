package corpus

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Package fmt, and what reads and writes.

//stackward:noalloc
//go:noinline
func Sprint(i int) string { return fmt.Sprintf("%d", i) }

var _ = drive("Sprint", func(i int) { Sprint(i) })

//stackward:noalloc
//go:noinline
func FprintDiscard(i int) { fmt.Fprintf(io.Discard, "%d", i) }

var _ = drive("FprintDiscard", func(i int) { FprintDiscard(i) })

//stackward:noalloc
//go:noinline
func FprintConstant(w io.Writer) { fmt.Fprintf(w, "nothing") }

var _ = drive("FprintConstant", func(i int) { FprintConstant(io.Discard) })

//stackward:noalloc
//go:noinline
func Appendf(b []byte, t *T) []byte { return fmt.Appendf(b, "%p", t) }

var printed []byte

var _ = drive("Appendf", func(i int) { printed = Appendf(printed[:0], value(i)) })

//stackward:noalloc
//go:noinline
func Appends(b []byte, s *string) []byte { return fmt.Append(b, "constant") }

var appended []byte

var _ = drive("Appends", func(i int) { appended = Appends(appended[:0], &longText) })

//stackward:noalloc
//go:noinline
func Sscan(s string) int { var n int; fmt.Sscan(s, &n); return n }

var _ = drive("Sscan", func(i int) { Sscan("12") })

//stackward:noalloc
//go:noinline
func BufferReused(b *bytes.Buffer, s string) int { b.Reset(); b.WriteString(s); return b.Len() }

var aBytesBuffer bytes.Buffer

var _ = drive("BufferReused", func(i int) { BufferReused(&aBytesBuffer, text(i)) })

//stackward:noalloc
//go:noinline
func BufferLocal(s string) int { var b bytes.Buffer; b.WriteString(s); return b.Len() }

var _ = drive("BufferLocal", func(i int) { BufferLocal(text(i)) })

//stackward:noalloc
//go:noinline
func BufferText(b *bytes.Buffer, s string) string { b.Reset(); b.WriteString(s); return b.String() }

var _ = drive("BufferText", func(i int) { BufferText(&aBytesBuffer, text(i)) })

//stackward:noalloc
//go:noinline
func BufferRead(b *bytes.Buffer, p []byte) int { b.Reset(); b.Write(p); n, _ := b.Read(p); return n }

var _ = drive("BufferRead", func(i int) { BufferRead(&aBytesBuffer, into[:size(i)]) })

//stackward:noalloc
//go:noinline
func BytesIndex(b []byte) int { return bytes.IndexByte(b, 'j') + bytes.Index(b, longBytes[:3]) }

var _ = drive("BytesIndex", func(i int) { BytesIndex(data(i)) })

//stackward:noalloc
//go:noinline
func BytesEqual(a, b []byte) bool { return bytes.Equal(a, b) || bytes.HasPrefix(a, b) }

var _ = drive("BytesEqual", func(i int) { BytesEqual(data(i), longBytes) })

//stackward:noalloc
//go:noinline
func BytesSplit(b []byte) int { return len(bytes.Split(b, longBytes[:1])) }

var _ = drive("BytesSplit", func(i int) { BytesSplit(data(i)) })

//stackward:noalloc
//go:noinline
func BytesTrim(b []byte) []byte { return bytes.TrimSpace(b) }

var _ = drive("BytesTrim", func(i int) { BytesTrim(data(i)) })

//stackward:noalloc
//go:noinline
func BytesClone(b []byte) []byte { return bytes.Clone(b) }

var _ = drive("BytesClone", func(i int) { BytesClone(data(i)) })

//stackward:noalloc
//go:noinline
func BytesContains(b []byte, s string) bool { return bytes.Contains(b, []byte(s)) }

var _ = drive("BytesContains", func(i int) { BytesContains(longBytes, text(i)) })

//stackward:noalloc
//go:noinline
func ReadAll(r io.Reader) int { b, _ := io.ReadAll(r); return len(b) }

var aReader = strings.NewReader(longText)

var _ = drive("ReadAll", func(i int) { aReader.Reset(text(i)); ReadAll(aReader) })

//stackward:noalloc
//go:noinline
func ReadFull(r io.Reader, b []byte) int { n, _ := io.ReadFull(r, b); return n }

var _ = drive("ReadFull", func(i int) { aReader.Reset(text(i)); ReadFull(aReader, into[:]) })

//stackward:noalloc
//go:noinline
func ReadKnown(r *strings.Reader, s string, b []byte) int {
	r.Reset(s)
	n, _ := io.ReadFull(r, b)
	return n
}

var _ = drive("ReadKnown", func(i int) { ReadKnown(aReader, text(i), into[:]) })

//stackward:noalloc
//go:noinline
func CopyDiscard(r *strings.Reader) int64 { n, _ := io.Copy(io.Discard, r); return n }

var _ = drive("CopyDiscard", func(i int) { aReader.Reset(text(i)); CopyDiscard(aReader) })

//stackward:noalloc
//go:noinline
func Limited(r io.Reader) io.Reader { return io.LimitReader(r, 10) }

var _ = drive("Limited", func(i int) { Limited(aReader) })

//stackward:noalloc
//go:noinline
func ReaderLocal(s string) byte { r := strings.NewReader(s); b, _ := r.ReadByte(); return b }

var _ = drive("ReaderLocal", func(i int) { ReaderLocal(text(i)) })

//stackward:noalloc
//go:noinline
func ReaderReturned(s string) io.Reader { return strings.NewReader(s) }

var _ = drive("ReaderReturned", func(i int) { ReaderReturned(text(i)) })

//stackward:noalloc
//go:noinline
func Buffered(w io.Writer) *bufio.Writer { return bufio.NewWriter(w) }

var _ = drive("Buffered", func(i int) { Buffered(io.Discard) })

//stackward:noalloc
//go:noinline
func BufferedWrite(w *bufio.Writer, s string) { w.WriteString(s); w.WriteByte('\n'); w.Flush() }

var aWriter = bufio.NewWriter(io.Discard)

var _ = drive("BufferedWrite", func(i int) { BufferedWrite(aWriter, text(i)) })

//stackward:noalloc
//go:noinline
func BufferedLine(r *bufio.Reader, from *strings.Reader) int {
	r.Reset(from)
	b, _ := r.ReadSlice('j')
	return len(b)
}

var aBufReader = bufio.NewReader(aReader)

var _ = drive("BufferedLine", func(i int) { aReader.Reset(text(i)); BufferedLine(aBufReader, aReader) })

//stackward:noalloc
//go:noinline
func BufferedText(r *bufio.Reader, from *strings.Reader) string {
	r.Reset(from)
	s, _ := r.ReadString('j')
	return s
}

var _ = drive("BufferedText", func(i int) { aReader.Reset(text(i)); BufferedText(aBufReader, aReader) })

//stackward:noalloc
//go:noinline
func Scanned(r io.Reader) (n int) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		n++
	}
	return n
}

var _ = drive("Scanned", func(i int) { aReader.Reset(text(i)); Scanned(aReader) })

//stackward:noalloc
//go:noinline
func Pipe() *io.PipeReader { r, _ := io.Pipe(); return r }

var _ = drive("Pipe", func(i int) { Pipe() })

//stackward:noalloc
//go:noinline
func MultiWriter(w io.Writer) io.Writer { return io.MultiWriter(w, w) }

var _ = drive("MultiWriter", func(i int) { MultiWriter(io.Discard) })
