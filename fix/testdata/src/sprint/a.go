package sprint

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

type (
	key    string
	level  int
	named  int
	bare   []byte
	coded  int
	server struct {
		host string
		port int
		buf  bytes.Buffer
		out  *bytes.Buffer
	}
)

func (named) String() string             { return "named" }
func (coded) Format(fmt.State, rune)     {}
func (s *server) addr() string           { return fmt.Sprintf("%s:%d", s.host, s.port) } // want "make the text without fmt.Sprintf"
func (s *server) moved() string          { s.host = ""; return "" }
func (s *server) both() string           { return fmt.Sprintf("%s%s", s.moved(), s.host) }    // refuse "order"
func (s *server) twice(t *server) string { return fmt.Sprintf("%s%s", s.moved(), t.moved()) } // want "make the text"

func verbs(s string, k key, i int, i8 int8, i64 int64, l level, u uint, u8 byte, u64 uint64, r rune, t bool, f float64, f32 float32, b []byte, d time.Duration) []string {
	return []string{
		fmt.Sprintf("%s %v", s, k),                         // want "make the text"
		fmt.Sprintf("%q=%q", s, k),                         // want "make the text"
		fmt.Sprintf("%d/%d/%d", i, i8, i64),                // want "make the text"
		fmt.Sprintf("%v %v %v %v", l, u, u8, u64),          // want "make the text"
		fmt.Sprintf("%x %o %b", i, i64, u),                 // want "make the text"
		fmt.Sprintf("%c%c", r, u8),                         // want "make the text"
		fmt.Sprintf("%t %v", t, !t),                        // want "make the text"
		fmt.Sprintf("%v %g %f %.2f %e", f, f32, f, f32, f), // want "make the text"
		fmt.Sprintf("%s|%x", b, b),                         // want "make the text"
		fmt.Sprintf("100%% of %d", i+1),                    // want "make the text"
		fmt.Sprintf("%dns", d),                             // want "make the text"
		fmt.Sprintf("%s", s),                               // want "make the text"
		fmt.Sprintf("%d", 7),                               // want "make the text"
		fmt.Sprintf("%v %v", 'x', 1.5),                     // want "make the text"
		fmt.Sprintf("just text"),                           // want "make the text"
		fmt.Sprintf(""),                                    // want "make the text"
		fmt.Sprint(s, i, u, k, t, f),                       // want "make the text without fmt.Sprint"
		fmt.Sprintln(s, i),                                 // want "make the text without fmt.Sprintln"
		fmt.Sprintln(),                                     // want "make the text without fmt.Sprintln"
		fmt.Sprintf(`a
%s`, s), // want "make the text"
	}
}

func refused(s string, i int, u uint, a any, err error, n named, c coded, b bare, p *int, f32 complex64, args ...any) []string {
	format := "%d"
	return []string{
		fmt.Sprintf("%5d", i),          // refuse "flags, a width"
		fmt.Sprintf("%-s", s),          // refuse "flags, a width"
		fmt.Sprintf("%+v", i),          // refuse "flags, a width"
		fmt.Sprintf("%#v", i),          // refuse "flags, a width"
		fmt.Sprintf("%[1]s%[1]s", s),   // refuse "argument numbers"
		fmt.Sprintf("%.3s", s),         // refuse "precision"
		fmt.Sprintf("%.03d", i),        // refuse "precision"
		fmt.Sprintf("%d", s),           // refuse "in its own way"
		fmt.Sprintf("%s", i),           // refuse "in its own way"
		fmt.Sprintf("%c", i),           // refuse "in its own way"
		fmt.Sprintf("%U", 'x'),         // refuse "in its own way"
		fmt.Sprintf("%X", u),           // refuse "in its own way"
		fmt.Sprintf("%s %s", s),        // refuse "more verbs than operands"
		fmt.Sprintf("%s", s, i),        // refuse "fewer verbs than operands"
		fmt.Sprintf("%s%", s),          // refuse "middle of a verb"
		fmt.Sprintf("%v", a),           // refuse "interface value"
		fmt.Sprintf("%v", err),         // refuse "interface value"
		fmt.Sprint(err),                // refuse "interface value"
		fmt.Sprintf("%v", n),           // refuse "method String of n"
		fmt.Sprintf("%d", c),           // refuse "method Format of c"
		fmt.Sprintf("%s", b),           // refuse "in its own way"
		fmt.Sprintf("%v", p),           // refuse "in its own way"
		fmt.Sprintf("%v", f32),         // refuse "in its own way"
		fmt.Sprintf(format, i),         // refuse "not written in the call"
		fmt.Sprintf("%d", args...),     // refuse "slice"
		fmt.Sprintf("%d" /* why */, i), // refuse "comment"
	}
}

func generic[T ~string](t T) string { return fmt.Sprintf("%s!", t) } // refuse "interface value"

func contexts(s string, i int, m map[string]int) (byte, bool, string) {
	c := fmt.Sprintf("%s.%d", s, i)[0]    // want "make the text"
	eq := fmt.Sprintf("%d", i) == s+"x"   // want "make the text"
	sum := s + fmt.Sprintf("%d,%s", i, s) // want "make the text"
	m[fmt.Sprintf("%s/%s", s, s)]++       // want "make the text"
	n := len(fmt.Sprintf("%s.", s)[1:])   // want "make the text"
	_ = fmt.Sprintf("constant") == s      // refuse "constant in a larger expression"
	_ = fmt.Sprintf("constant")[i]        // refuse "constant in a larger expression"
	switch s {
	case fmt.Sprintf("a"): // refuse "constant in a larger expression"
	case "a":
	}
	fmt.Sprintf("unused %d", i)
	if i > 9 {
		panic(fmt.Sprintf("too large: %d", i)) // refuse "only a panic"
	}
	_ = fmt.Sprintf(`"%s"
\%d`, s, i) // want "make the text"
	return c, eq || n > 0, sum
}

func order(s []int, p *server, x int, f func() int, g func() string) []string {
	y := 1
	set := func() string { y++; return "" }
	return []string{
		fmt.Sprintf("%s-%d", g(), f()),        // want "make the text"
		fmt.Sprintf("%d-%d", x, f()),          // want "make the text"
		fmt.Sprintf("%d-%d", s[0], p.port),    // refuse "order"
		fmt.Sprintf("%d-%d", s[0], s[1]),      // refuse "order"
		fmt.Sprintf("%d-%s", s[0], "x"),       // want "make the text"
		fmt.Sprintf("%d-%s", p.port, p.host),  // refuse "when p.host is evaluated"
		fmt.Sprintf("%d-%s", y, set()),        // refuse "order"
		fmt.Sprintf("%d-%d", f()+y, f()),      // refuse "order"
		fmt.Sprintf("%d-%d", int64(f()), f()), // want "make the text"
	}
}

func shadowed(strconv int) string {
	return fmt.Sprintf("%d", strconv) // refuse "means something else"
}

func errs(s string) []error {
	return []error{
		fmt.Errorf("none"),    // want "make the error without fmt.Errorf"
		fmt.Errorf("100%%"),   // want "make the error without fmt.Errorf"
		fmt.Errorf("a" + "b"), // want "make the error without fmt.Errorf"
		fmt.Errorf(s),         // refuse "may hold a %"
		fmt.Errorf("%d"),
		fmt.Errorf("x %s", s),
		errors.New(fmt.Sprintf("x %s", s)), // want "make the text"
	}
}

func conversions(w io.ReadWriter, rw io.Writer, c io.WriteCloser, sink *mine, s *server, x any, b bytes.Buffer, pb *bytes.Buffer) [][]byte {
	w.Write([]byte(fmt.Sprintf("%v", x)))              // want "format into the writer at once"
	_, err := rw.Write([]byte(fmt.Sprintf("%v\n", x))) // want "format into the writer at once"
	c.Write([]byte(fmt.Sprint()))                      // want "format into the writer at once"
	b.Write([]byte(fmt.Sprintln(x, err)))              // want "format into the writer at once"
	pb.Write([]byte(fmt.Sprintln(x)))                  // want "format into the writer at once"
	b.Write([]byte(fmt.Sprintf("v%s", s.host)))        // want "write the text without fmt.Sprintf"
	pb.Write([]byte(fmt.Sprint(s.port)))               // want "write the text without fmt.Sprint"
	sink.Write([]byte(fmt.Sprintln(x)))                // refuse "may keep"
	s.out.Write([]byte(fmt.Sprintln(x)))               // refuse "change s.out"
	rw.Write( /* text */ []byte(fmt.Sprintln(x)))      // refuse "comment"
	rw.Write([]byte( /* text */ fmt.Sprintln(x)))      // refuse "comment"
	return [][]byte{
		[]byte(fmt.Sprintf("v%v", x)), // want "format into bytes at once"
		[]byte(fmt.Sprintf("%v.", x)), // want "format into bytes at once"
		[]byte(fmt.Sprintln(x)),       // want "format into bytes at once"
		[]byte(fmt.Sprintf("%v", x)),  // refuse "may be empty"
		[]byte(fmt.Sprint(x)),         // refuse "may be empty"
	}
}

type mine struct{ kept [][]byte }

func (m *mine) Write(p []byte) (int, error) { m.kept = append(m.kept, p); return len(p), nil }

func sinks(b *strings.Builder, bw *bufio.Writer, w io.Writer, s *server, name string, i int, u8 byte, r rune, t bool, raw []byte) {
	var own strings.Builder
	var buf bytes.Buffer
	fmt.Fprintf(b, "<%s>", name)               // want "write the text without fmt.Fprintf"
	fmt.Fprintf(b, "é%d%c%t\n", i, r, t)       // want "write the text"
	_, _ = fmt.Fprintf(b, "%s=%q", name, name) // want "write the text"
	n, err := fmt.Fprintf(b, "%s", name)       // want "write the text"
	n, err = fmt.Fprintf(b, "%s.", name)       // want "write the text"
	fmt.Fprintf(&own, "%s:%d", s.host, s.port) // want "write the text"
	fmt.Fprintf(b, "%s:%d", s.host, s.port)    // want "write the text"
	fmt.Fprintf(&buf, "[%d]", i)               // want "write the text"
	fmt.Fprintf(&buf, "%s%d", raw, i)          // want "write the text"
	fmt.Fprintf(&buf, "%s", raw)               // want "write the text"
	fmt.Fprintf(&s.buf, "%d %d", i, u8)        // want "write the text"
	fmt.Fprintf(s.out, "%s", s.moved())        // refuse "order"
	fmt.Fprint(&own, name, i)                  // want "write the text"
	fmt.Fprintln(&own, name)                   // want "write the text"
	fmt.Fprintln(os.Stderr, "usage")           // want "write the text"
	fmt.Fprintf(os.Stderr, "usage: %s", name)  // want "write the text"
	fmt.Fprintf(bw, "%s", name)
	fmt.Fprintf(w, "%s", name)
	own.WriteString(fmt.Sprintf("%s,%d", name, i)) // want "write the text"
	b.WriteString(fmt.Sprint(i))                   // want "write the text"
	b.WriteString(fmt.Sprint(n, err))              // refuse "interface value"
	if i > 0 {
		fmt.Fprintf(b, "%s-%s", name, own.String()) // want "write the text"
	}
label:
	fmt.Fprintf(b, "%d;", i) // want "write the text"
	if i < 0 {
		goto label
	}
}

func appended(b []byte, k bare, s string, i int) []byte {
	b = fmt.Appendf(b, "%d", i)         // want "append the text without fmt.Appendf"
	b = fmt.Append(b, s)                // want "append the text without fmt.Append"
	b = fmt.Append(nil, "x")            // want "append the text without fmt.Append"
	b = fmt.Appendf(b, "%d%s", i, s)    // refuse "shares"
	b = fmt.Append(k, s)                // refuse "type of its own"
	return fmt.Appendf(b, "%v", any(s)) // refuse "interface value"
}

func commented(name string, i int) {
	take([]byte(fmt.Sprintf("%d-%s", i, name) /* kept */)) // refuse "comment /. kept ./ stands"
}

func take([]byte) {}

// An operand that is no call any more is read when the language likes.
func beside(vs []string, f func() string, b []byte) {
	_ = fmt.Sprint(vs[0]) + f() // refuse "when vs.0. is evaluated"
	_ = fmt.Sprint(vs[0])       // want "make the text"
	_ = fmt.Sprint(f()) + f()   // want "make the text"
	_ = fmt.Appendf((nil), "x") // want "append the text"
}

// Vet reads formats that are constants, and what is printed, and tests do not run
// where it finds a mistake.
func formats(s string, logf func(int, string, ...interface{}), many func(...any)) {
	_ = fmt.Sprintf(fmt.Sprint("%d"), s) // refuse "constant that vet" "format is not written"
	logf(1, fmt.Sprint("%d", "s"), s)    // refuse "constant that vet"
	logf(1, fmt.Sprint(s, "%d"), s)      // want "make the text"
	many(fmt.Sprint("%d"), s)            // refuse "constant that vet"
	many(s, fmt.Sprintln("d"))           // refuse "constant that vet"
	many(s, fmt.Sprint("d"))             // want "make the text"
}
