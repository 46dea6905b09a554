package pool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"text/template"
)

// Pair has a comment.
func Pair(n int, s string) string {
	var b bytes.Buffer             // want "take b from a pool"
	fmt.Fprintf(&b, "%d %s", n, s) // want "take b from a pool"
	return strings.TrimSpace(b.String())
}

func pointers(s string) (string, error) {
	b := new(bytes.Buffer) // want "take b from a pool"
	b.WriteString(s)       // want "take b from a pool"
	if err := b.WriteByte('\n'); err != nil {
		return "", err
	}
	c := &bytes.Buffer{}                               // want "take c from a pool"
	io.WriteString(c, s)                               // want "take c from a pool"
	d := bytes.NewBuffer(nil)                          // want "take d from a pool"
	(d).Write([]byte(s))                               // want "take d from a pool"
	var e = bytes.NewBuffer(make([]byte, 0, len(s)+1)) // want "take e from a pool"
	e.WriteRune('x')                                   // want "take e from a pool"
	f := bytes.NewBufferString(s + "f")                // want "take f from a pool"
	f.WriteString(s)                                   // want "take f from a pool"
	return b.String() + c.String() + d.String() + e.String() + f.String(), nil
}

func encode(v any) (string, error) {
	var buf bytes.Buffer         // want "take buf from a pool"
	enc := json.NewEncoder(&buf) // want "take buf from a pool"
	enc.SetIndent("", "\t")
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	if err := json.NewEncoder(&(buf)).Encode(v); err != nil {
		return "", err
	}
	return buf.String(), nil
}

var page = template.Must(template.New("").Parse("{{.}}"))

func execute(v any) string {
	if v != nil {
		b := bytes.Buffer{}             // want "take b from a pool"
		if page.Execute(&b, v) != nil { // want "take b from a pool"
			return ""
		}
		return b.String()
	}
	return ""
}

type tree struct {
	l, r *tree
	n    int
}

func (t *tree) String() string {
	var b bytes.Buffer // want "take b from a pool"
	t.write(&b, 0)     // want "take b from a pool"
	return b.String()
}

func (t *tree) write(b *bytes.Buffer, depth int) {
	if t == nil {
		return
	}
	t.l.write(b, depth+1)
	pad(b, depth)
	b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(t.n), 10))
	t.r.write(b, depth+1)
}

func pad(w io.Writer, n int) {
	for range n {
		io.WriteString(w, " ")
	}
}

func alias(s string) string {
	var b bytes.Buffer // want "take b from a pool"
	w := &b
	var ww io.Writer = w
	w.WriteString(s) // an alias's
	fmt.Fprint(ww, s)
	if w != nil {
		return b.String()
	}
	return ""
}

func views(s string, to *os.File) (string, []byte, int) {
	var b bytes.Buffer // want "take b from a pool"
	b.WriteString(s)   // want "take b from a pool"
	if bytes.Equal(b.Bytes(), []byte("x")) || b.Bytes()[0] == 'x' {
		return string(b.Bytes()[1:]), nil, len(b.Bytes())
	}
	b.Next(2)
	to.Write(b.Bytes())
	b.WriteTo(to)
	return string(b.Next(3)), append([]byte("y"), b.Bytes()...), b.Len()
}

func literal() func(string) string {
	return func(s string) string {
		var b bytes.Buffer // want "take b from a pool"
		b.WriteString(s)   // want "take b from a pool"
		return b.String()
	}
}

func oneLine(s string) string { var b bytes.Buffer; b.WriteString(s); return b.String() } // want "take b from a pool" "take b from a pool"
