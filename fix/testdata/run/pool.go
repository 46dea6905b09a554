// Buffers from a pool hold what new ones would, however the function that used
// them before ended.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"
)

type tree struct {
	kids []*tree
	n    int
}

func (t *tree) String() string {
	var b bytes.Buffer // fixed
	fmt.Fprintf(&b, "(%d", t.n)
	for _, k := range t.kids {
		fmt.Fprintf(&b, " %v", k) // another buffer while this one is in use
	}
	b.WriteByte(')')
	return b.String()
}

func mayPanic(n int) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = fmt.Sprint("recovered ", r)
		}
	}()
	b := new(bytes.Buffer) // fixed
	b.WriteString("left over")
	fmt.Fprint(b, 10/n)
	b.Truncate(n)
	return b.String()
}

func readBack(s string) (out []string) {
	b := bytes.NewBufferString(s) // fixed
	b.WriteString(";")
	for {
		part, err := b.ReadString(';')
		if err != nil {
			return append(out, fmt.Sprint(part == "", err == io.EOF, b.Len(), b.UnreadRune() != nil))
		}
		out = append(out, part)
	}
}

func unread() string {
	var b bytes.Buffer // fixed
	err := b.UnreadByte()
	return fmt.Sprint(err, b.UnreadRune(), b.Len(), b.String() == "")
}

func large(n int) int {
	b := bytes.NewBuffer(make([]byte, 0, 16)) // fixed
	for range n {
		b.WriteString("0123456789")
	}
	return b.Len()
}

func encode(v any) string {
	var b bytes.Buffer // fixed
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

var page = template.Must(template.New("").Parse("{{.A}}{{template \"in\" .}}{{define \"in\"}}[{{.B}}]{{end}}"))

func execute(v any) string {
	b := &bytes.Buffer{} // fixed
	err := page.Execute(b, v)
	return fmt.Sprint(b.Len(), b.String(), err != nil)
}

type teller struct{}

func (teller) MarshalJSON() ([]byte, error) { return []byte(encode("inner")), nil }
func (teller) Format(s fmt.State, _ rune)   { io.WriteString(s, encode(1)) }

func main() {
	t := &tree{n: 1, kids: []*tree{{n: 2}, {n: 3, kids: []*tree{{n: 4}}}}}
	for range 3 {
		fmt.Println(t, mayPanic(0), mayPanic(3), readBack("a;b"), unread(), large(10000), large(1))
		fmt.Println(encode(teller{}), encode(func() {}), encode([]any{t.n, teller{}}), execute(map[string]int{"A": 1}), execute(struct{ A teller }{}))
	}
	fmt.Println(mayPanic(200))
	var wg sync.WaitGroup
	out := make([]string, 50)
	for i := range out {
		wg.Go(func() { out[i] = fmt.Sprint(&tree{n: i, kids: []*tree{{n: i}}}, encode(i)) })
	}
	wg.Wait()
	fmt.Println(out)
}
