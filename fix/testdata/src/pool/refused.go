package pool

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os/exec"
)

var kept *bytes.Buffer

type box struct{ b *bytes.Buffer }

func returned(s string) []byte {
	var b bytes.Buffer // refuse `lets b.Bytes\(\) out`
	b.WriteString(s)
	return b.Bytes()
}

func returnedBuffer(s string) *bytes.Buffer {
	b := new(bytes.Buffer) // refuse "returns b"
	b.WriteString(s)
	return b
}

func view(s string) string {
	var b bytes.Buffer // refuse `lets b.Bytes\(\) out`
	b.WriteString(s)
	data := b.Bytes()
	return string(data)
}

func stored(s string) {
	b := &bytes.Buffer{} // refuse "stores b"
	b.WriteString(s)
	kept = b
}

func field(s string) box {
	b := &bytes.Buffer{} // refuse "stores b"
	b.WriteString(s)
	return box{b}
}

func command() string {
	var b bytes.Buffer // refuse "stores &b"
	cmd := exec.Command("true")
	cmd.Stdout = &b
	cmd.Run()
	return b.String()
}

func literalUses(s string) func() string {
	var b bytes.Buffer // refuse "uses b in a function literal"
	b.WriteString(s)
	return func() string { return b.String() }
}

func deferred(s string) string {
	var b bytes.Buffer // refuse "defers a call that uses b"
	defer b.Reset()
	b.WriteString(s)
	return b.String()
}

func goroutine(s string) string {
	var b bytes.Buffer // refuse "starts a goroutine that uses b"
	go io.WriteString(&b, s)
	return b.String()
}

func copied(s string) string {
	var b bytes.Buffer // refuse "copies b"
	b.WriteString(s)
	c := b
	return c.String()
}

func assigned(s string) string {
	b := new(bytes.Buffer) // refuse "b is assigned"
	b.WriteString(s)
	b = bytes.NewBufferString(s)
	return b.String()
}

func unknown(s string, f func(io.Writer)) string {
	var b bytes.Buffer // refuse "hands &b to f, which may keep it"
	f(&b)
	return b.String()
}

func dynamic(s string, w io.WriterTo) string {
	var b bytes.Buffer // refuse "hands &b to w.WriteTo, which may keep it"
	w.WriteTo(&b)
	return b.String()
}

func keeps(w io.Writer) { sink = w }

var sink io.Writer

func handed(s string) string {
	var b bytes.Buffer // refuse "hands &b to keeps, and line .* stores w"
	keeps(&b)
	return b.String()
}

func reader(r io.Reader) string {
	var b bytes.Buffer // refuse "gives the buffer's memory to r, which may keep it"
	b.ReadFrom(r)
	return b.String()
}

func copies(r io.Reader) string {
	var b bytes.Buffer // refuse "hands &b to io.Copy, which may keep it"
	io.Copy(&b, r)
	return b.String()
}

func writer(w io.Writer, s string) {
	var b bytes.Buffer // refuse `lets b.Bytes\(\) out`
	b.WriteString(s)
	w.Write(b.Bytes())
}

func drained(w io.Writer, s string) {
	var b bytes.Buffer // refuse "gives the buffer's memory to w, which may keep it"
	b.WriteString(s)
	b.WriteTo(w)
}

func capacity(s string) int {
	var b bytes.Buffer // refuse "calls Cap"
	b.WriteString(s)
	return b.Cap()
}

func resliced(s string) string {
	var b bytes.Buffer // refuse "slices b.Bytes.*, maybe up to its capacity"
	b.WriteString(s)
	return string(b.Bytes()[:9])
}

func isNil(s string) bool {
	var b bytes.Buffer // refuse `lets b.Bytes\(\) out`
	b.WriteString(s)
	return b.Bytes() == nil
}

func clones(s string) []byte {
	var b bytes.Buffer // refuse `lets b.Bytes\(\) out`
	b.WriteString(s)
	return bytes.Clone(b.Bytes())
}

func itself(s string) string {
	var b bytes.Buffer // refuse `lets b.Next\(2\) out`
	b.WriteString(s)
	b.Write(b.Next(2))
	return b.String()
}

func changes(b *bytes.Buffer) []byte {
	b.Reset()
	b.WriteString("changed")
	return nil
}

func meanwhile(s string) bool {
	var b bytes.Buffer // refuse "uses the buffer's memory while the buffer changes"
	b.WriteString(s)
	return bytes.Equal(b.Bytes(), changes(&b))
}

func available(s string) string {
	var b bytes.Buffer // refuse "uses memory that may be available or not"
	b.WriteString(s)
	return string(b.AvailableBuffer()[:1])
}

func method(s string) string {
	var b bytes.Buffer // refuse "uses b.WriteString as a value"
	f := b.WriteString
	f(s)
	return b.String()
}

func xmlText(v any) string {
	var b bytes.Buffer // refuse "hands &b to xml.NewEncoder, which may keep it"
	xml.NewEncoder(&b).Encode(v)
	return b.String()
}

func loop(list []string) (n int) {
	for _, s := range list {
		var b bytes.Buffer // refuse "each round of a loop makes one"
		fmt.Fprint(&b, s)
		n += b.Len()
	}
	return n
}

func jumps(s string) string {
again:
	s += "x"
	var b bytes.Buffer // refuse "the function has a goto"
	fmt.Fprint(&b, s)
	if b.Len() == 0 {
		goto again
	}
	return b.String()
}

//go:nosplit
func directive(s string) string {
	var b bytes.Buffer // refuse "directive has a compiler directive"
	fmt.Fprint(&b, s)
	return b.String()
}

func large(s string) string {
	b := bytes.NewBuffer(make([]byte, 0, 1<<20))
	fmt.Fprint(b, s)
	return b.String()
}

func reads(s string) string {
	b := bytes.NewBuffer([]byte(s))
	line, _ := b.ReadString('\n')
	return line
}

func printed(s string) string {
	var b bytes.Buffer // refuse "hands &b to fmt.Sprint, which may keep it"
	b.WriteString(s)
	return fmt.Sprint(&b)
}

func encoders(v any) *xml.Encoder {
	var b bytes.Buffer // refuse "hands &b to xml.NewEncoder"
	return xml.NewEncoder(&b)
}

func asserted(w io.Writer) { w.(io.StringWriter).WriteString("x") }

func assertion() string {
	var b bytes.Buffer // refuse "hands &b to asserted, and line .* stores w"
	asserted(&b)
	return b.String()
}
