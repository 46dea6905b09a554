package resp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var limits = Limits{Args: 4, Bytes: 32}

// commands reads all of the input and returns each command, or error, as text.
func commands(r io.Reader) (got []string) {
	reader := NewReader(r, limits)
	for {
		args, err := reader.Next()
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, fmt.Sprintf("%q", args))
		}
		if err != nil && err != ErrTooLarge {
			return got
		}
	}
}

func TestReader(t *testing.T) {
	long := strings.Repeat("x", 33)
	tests := []struct {
		name, input string
		want        []string
	}{
		{"array", "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n", []string{`["GET" "k"]`, "EOF"}},
		{"pipelined", "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPONG\r\n", []string{`["PING"]`, `["PONG"]`, "EOF"}},
		{"binary", "*1\r\n$4\r\n\r\n\x00\xff\r\n", []string{`["\r\n\x00\xff"]`, "EOF"}},
		{"empty argument", "*2\r\n$1\r\na\r\n$0\r\n\r\n", []string{`["a" ""]`, "EOF"}},
		{"line", "GET  k\r\n", []string{`["GET" "k"]`, "EOF"}},
		{"line without CR", "PING\n", []string{`["PING"]`, "EOF"}},
		{"empty lines and arrays", "\r\n\n*0\r\nPING\r\n", []string{`["PING"]`, "EOF"}},
		{"too large", "*2\r\n$3\r\nSET\r\n$33\r\n" + long + "\r\nPING\r\n", []string{"command is too large", `["PING"]`, "EOF"}},
		{"too large together", "*3\r\n$16\r\n" + long[:16] + "\r\n$17\r\n" + long[:17] + "\r\n$1\r\na\r\nPING\r\n", []string{"command is too large", `["PING"]`, "EOF"}},
		{"just not too large", "*2\r\n$16\r\n" + long[:16] + "\r\n$16\r\n" + long[:16] + "\r\n", []string{fmt.Sprintf("[%q %[1]q]", long[:16]), "EOF"}},
		{"line too large", long + "\r\nPING\r\n", []string{"command is too large", `["PING"]`, "EOF"}},
		{"line too long", strings.Repeat("x", bufferSize+1), []string{"protocol error: line is too long"}},
		{"words too many", "a b c d e\r\n", []string{"protocol error: too many arguments"}},
		{"array too long", "*5\r\n", []string{"protocol error: invalid length of array"}},
		{"array negative", "*-1\r\n", []string{"protocol error: invalid length of array"}},
		{"array without length", "*\r\n", []string{"protocol error: invalid length of array"}},
		{"array overflowing", "*18446744073709551617\r\n", []string{"protocol error: invalid length of array"}},
		{"not a bulk string", "*1\r\n:1\r\n", []string{"protocol error: expected '$'"}},
		{"empty header", "*1\r\n\r\n", []string{"protocol error: expected '$'"}},
		{"bulk negative", "*1\r\n$-1\r\n", []string{"protocol error: invalid length of bulk string"}},
		{"bulk beyond all", "*1\r\n$536870913\r\n", []string{"protocol error: invalid length of bulk string"}},
		{"bulk with a sign", "*1\r\n$+1\r\na\r\n", []string{"protocol error: invalid length of bulk string"}},
		{"bulk too long for its length", "*1\r\n$1\r\nab\r\n", []string{"protocol error: bulk string is longer than its length"}},
		{"bulk ended by LF alone", "*1\r\n$1\r\na\n", []string{"protocol error: bulk string is longer than its length"}},
		{"ends in line", "PIN", []string{"unexpected EOF"}},
		{"ends in array", "*2\r\n$1\r\na\r\n", []string{"unexpected EOF"}},
		{"ends in bulk", "*1\r\n$4\r\nPI", []string{"unexpected EOF"}},
		{"ends in bulk's end", "*1\r\n$1\r\na\r", []string{"unexpected EOF"}},
		{"ends in what is skipped", "*1\r\n$100\r\nPI", []string{"unexpected EOF"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := fmt.Sprint(test.want)
			if got := fmt.Sprint(commands(strings.NewReader(test.input))); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if got := fmt.Sprint(commands(iotest.OneByteReader(strings.NewReader(test.input)))); got != want {
				t.Errorf("byte by byte\ngot  %s\nwant %s", got, want)
			}
		})
	}
}

func TestReplies(t *testing.T) {
	var b []byte
	b = AppendSimple(b, "OK")
	b = AppendError(b, "ERR a\r\nb")
	b = AppendInteger(b, -42)
	b = AppendBulk(b, "a\r\nb")
	b = AppendBulk(b, []byte(nil))
	b = AppendNull(b)
	br := bufio.NewReader(bytes.NewReader(b))
	var got []string
	for {
		kind, text, err := ReadReply(br, nil)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%c%q", kind, text))
	}
	want := `[+"OK" -"ERR a  b" :"-42" $"a\r\nb" $"" _""]`
	if fmt.Sprint(got) != want {
		t.Errorf("got  %v\nwant %s", got, want)
	}
	for _, bad := range []string{"\r\n", "?\r\n", "$x\r\n", "$3\r\nabcd\r\n"} {
		if _, _, err := ReadReply(bufio.NewReader(strings.NewReader(bad)), nil); err == nil {
			t.Errorf("ReadReply(%q) has no error", bad)
		}
	}
}

// FuzzReader checks that any input is read without a panic and within the
// limits, that what was read is the same when written and read again, and that
// it does not matter in which pieces the input comes.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n",
		"GET k\r\n*1\r\n$4\r\nPING\r\n",
		"*1\r\n$40\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\nPING\n",
		"*-1\r\n", "*1\r\n$-1\r\n", "*9\r\n", "\r\n\r\n*0\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		r := NewReader(bytes.NewReader(input), limits)
		for {
			args, err := r.Next()
			if err == ErrTooLarge {
				continue
			}
			if err != nil {
				var protocol ProtocolError
				if err != io.EOF && err != io.ErrUnexpectedEOF && !errors.As(err, &protocol) {
					t.Fatalf("unexpected error %v", err)
				}
				break
			}
			total := 0
			for _, arg := range args {
				total += len(arg)
			}
			if len(args) == 0 || len(args) > limits.Args || total > limits.Bytes {
				t.Fatalf("%d arguments of %d bytes", len(args), total)
			}
			again, err := NewReader(bytes.NewReader(AppendCommand(nil, args...)), limits).Next()
			if err != nil || fmt.Sprintf("%q", again) != fmt.Sprintf("%q", args) {
				t.Fatalf("%q written and read again is %q, %v", args, again, err)
			}
		}
		whole := fmt.Sprint(commands(bytes.NewReader(input)))
		if pieces := fmt.Sprint(commands(iotest.OneByteReader(bytes.NewReader(input)))); pieces != whole {
			t.Fatalf("whole %s\nbyte by byte %s", whole, pieces)
		}
	})
}
