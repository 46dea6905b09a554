// Package resp reads and writes RESP2, the protocol of Redis and Valkey, so that
// their clients can talk to the server: https://redis.io/docs/latest/develop/reference/protocol-spec/.
//
// A command is an array of bulk strings, or a line of words for those who type
// into telnet. Whatever comes over the wire, a [Reader] has no more memory than
// its limits say, and what is not RESP is an error, never a panic.
package resp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// Limits bounds what a Reader accepts.
type Limits struct {
	Args  int // of a command, its name included
	Bytes int // of all arguments of a command together
}

// maxBulk is the longest argument that is skipped where it is over the limit;
// one that says it is longer ends the connection. It is that of Redis.
const maxBulk = 512 << 20

// bufferSize is the bytes of a Reader's buffer, and so the longest line.
const bufferSize = 16 << 10

// keptBytes is how much memory for arguments a Reader keeps from one command to
// the next.
const keptBytes = 64 << 10

// ErrTooLarge is the error of a command over Limits.Bytes. It was skipped; the
// next one can be read.
var ErrTooLarge = errors.New("command is too large")

// A ProtocolError is what is not RESP. Nothing more can be read.
type ProtocolError string

func (e ProtocolError) Error() string { return "protocol error: " + string(e) }

// A Reader reads commands.
type Reader struct {
	br     *bufio.Reader
	limits Limits

	buf  []byte // all arguments of the command
	ends []int  // in buf
	args [][]byte
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader, limits Limits) *Reader {
	return &Reader{br: bufio.NewReaderSize(r, bufferSize), limits: limits}
}

// Buffered reports whether there may be another command without waiting.
func (r *Reader) Buffered() bool { return r.br.Buffered() > 0 }

// Next returns the next command's arguments, of which there is at least one.
// They are valid until the next call. The error is io.EOF where the input ends
// between two commands, [ErrTooLarge], a [ProtocolError], or that of the input.
func (r *Reader) Next() ([][]byte, error) {
	if cap(r.buf) > keptBytes {
		r.buf = nil
	}
	for {
		r.buf, r.ends = r.buf[:0], r.ends[:0]
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		tooLarge := false
		if len(line) > 0 && line[0] == '*' {
			tooLarge, err = r.array(line[1:])
		} else {
			tooLarge, err = r.words(line)
		}
		switch {
		case err != nil:
			return nil, err
		case tooLarge:
			return nil, ErrTooLarge
		case len(r.ends) > 0:
			return r.split(), nil
		}
		// An empty array or line is no command.
	}
}

// line reads a line, without its end.
func (r *Reader) line() ([]byte, error) {
	line, err := r.br.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, ProtocolError("line is too long")
	case err == io.EOF && len(line) > 0:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// words reads a command that is a line.
func (r *Reader) words(line []byte) (tooLarge bool, err error) {
	for word := range bytes.FieldsSeq(line) {
		if len(r.ends) == r.limits.Args {
			return false, ProtocolError("too many arguments")
		}
		r.buf = append(r.buf, word...)
		r.ends = append(r.ends, len(r.buf))
	}
	return len(r.buf) > r.limits.Bytes, nil
}

// array reads a command that is an array, after the length's line.
func (r *Reader) array(length []byte) (tooLarge bool, err error) {
	n, ok := number(length)
	if !ok || n > r.limits.Args {
		return false, ProtocolError("invalid length of array")
	}
	for range n {
		line, err := r.line()
		if err != nil {
			return false, inside(err)
		}
		if len(line) == 0 || line[0] != '$' {
			return false, ProtocolError("expected '$'")
		}
		size, ok := number(line[1:])
		if !ok || size > maxBulk {
			return false, ProtocolError("invalid length of bulk string")
		}
		if tooLarge = tooLarge || len(r.buf)+size > r.limits.Bytes; tooLarge {
			r.buf = r.buf[:0]
			if _, err := r.br.Discard(size); err != nil {
				return false, inside(err)
			}
		} else if err := r.bulk(size); err != nil {
			return false, inside(err)
		}
		if err := endOfBulk(r.br); err != nil {
			return false, inside(err)
		}
	}
	return tooLarge, nil
}

// bulk reads an argument of size bytes.
func (r *Reader) bulk(size int) error {
	start := len(r.buf)
	r.buf = grow(r.buf, size)
	_, err := io.ReadFull(r.br, r.buf[start:])
	r.ends = append(r.ends, len(r.buf))
	return err
}

// split makes arguments of the buffer, which does not move any more.
func (r *Reader) split() [][]byte {
	r.args = r.args[:0]
	start := 0
	for _, end := range r.ends {
		r.args = append(r.args, r.buf[start:end:end])
		start = end
	}
	return r.args
}

// inside makes of an error one that happened inside of a command.
func inside(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// endOfBulk reads the end of a bulk string.
func endOfBulk(br *bufio.Reader) error {
	for _, want := range []byte("\r\n") {
		switch c, err := br.ReadByte(); {
		case err != nil:
			return err
		case c != want:
			return ProtocolError("bulk string is longer than its length")
		}
	}
	return nil
}

// number reads a length of at most 9 digits.
func number(digits []byte) (n int, ok bool) {
	if len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}

// grow makes b longer by n bytes.
func grow(b []byte, n int) []byte {
	if cap(b)-len(b) < n {
		b = append(make([]byte, 0, max(2*cap(b), len(b)+n, 512)), b...)
	}
	return b[:len(b)+n]
}

// Kind is the first byte of a reply.
type Kind byte

// The kinds of replies. A bulk string that is not there is a Null.
const (
	Simple  Kind = '+'
	Error   Kind = '-'
	Integer Kind = ':'
	Bulk    Kind = '$'
	Null    Kind = '_'
)

// ReadReply reads a reply that is not an array. Its text or bytes are appended to
// dst[:0].
func ReadReply(br *bufio.Reader, dst []byte) (Kind, []byte, error) {
	line, err := br.ReadSlice('\n')
	if err != nil {
		return 0, dst, err
	}
	line = bytes.TrimSuffix(line[:len(line)-1], []byte("\r"))
	if len(line) == 0 {
		return 0, dst, ProtocolError("empty reply")
	}
	kind, text := Kind(line[0]), line[1:]
	switch kind {
	case Simple, Error, Integer:
		return kind, append(dst[:0], text...), nil
	case Bulk:
		if string(text) == "-1" {
			return Null, dst[:0], nil
		}
		n, ok := number(text)
		if !ok {
			return 0, dst, ProtocolError("invalid length of bulk string")
		}
		dst = grow(dst[:0], n)
		if _, err := io.ReadFull(br, dst); err != nil {
			return 0, dst, inside(err)
		}
		return kind, dst, inside(endOfBulk(br))
	}
	return 0, dst, ProtocolError(fmt.Sprintf("unknown kind of reply %q", kind))
}

// AppendCommand appends a command.
func AppendCommand[T string | []byte](b []byte, args ...T) []byte {
	b = AppendArray(b, len(args))
	for _, arg := range args {
		b = AppendBulk(b, arg)
	}
	return b
}

// AppendSimple appends a reply that is a word or two.
func AppendSimple(b []byte, s string) []byte { return appendLine(b, Simple, s) }

// AppendError appends a reply that is an error. The message begins with a word
// for programs, such as ERR. What would end the line becomes a space.
func AppendError(b []byte, message string) []byte {
	start := len(b) + 1
	b = append(append(b, byte(Error)), message...)
	for i, c := range b[start:] {
		if c == '\r' || c == '\n' {
			b[start+i] = ' '
		}
	}
	return append(b, "\r\n"...)
}

// AppendInteger appends a reply that is a number.
func AppendInteger(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, byte(Integer)), n, 10), "\r\n"...)
}

// AppendBulk appends a bulk string.
func AppendBulk[T string | []byte](b []byte, s T) []byte {
	b = append(strconv.AppendInt(append(b, byte(Bulk)), int64(len(s)), 10), "\r\n"...)
	return append(append(b, s...), "\r\n"...)
}

// AppendNull appends the bulk string that is not there.
func AppendNull(b []byte) []byte { return append(b, "$-1\r\n"...) }

// AppendArray appends the beginning of an array; its n elements follow.
func AppendArray(b []byte, n int) []byte {
	return append(strconv.AppendInt(append(b, '*'), int64(n), 10), "\r\n"...)
}

func appendLine(b []byte, kind Kind, s string) []byte {
	return append(append(append(b, byte(kind)), s...), "\r\n"...)
}
