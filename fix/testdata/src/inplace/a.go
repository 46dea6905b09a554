package inplace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

type text string

func runes(s string, t text, b []byte) (n int) {
	for _, r := range []rune(s) { // want "range over the string itself"
		n += int(r)
	}
	for range []rune(s + "x") { // want "range over the string itself"
		n++
	}
	for _, r := range []rune(t) { // want "range over the string itself"
		n += int(r)
	}
	var r rune
	for _, r = range []rune(s) { // want "range over the string itself"
	}
	for i, r := range []rune(s) { // refuse "uses the index"
		n += i * int(r)
	}
	for i := range []rune(s) { // refuse "uses the index"
		n += i
	}
	for _, r := range []rune( /* all */ s) { // refuse "comment"
		n += int(r)
	}
	for _, c := range []byte(s) {
		n += int(c)
	}
	return n + int(r)
}

func twins(b, c []byte, s string, raw json.RawMessage, re *regexp.Regexp, f func() string, t text) []any {
	isX := func(r rune) bool { b[0] = 'x'; return r == 'x' }
	return []any{
		strings.HasPrefix(string(b), "GET "),   // want "use b itself"
		strings.HasPrefix(string(b), s),        // want "use b itself"
		strings.Contains(string(b[1:]), "x"),   // want `use b\[1:\] itself`
		strings.Contains(string(raw), "x"),     // want "use raw itself"
		strings.Contains(string(b), string(c)), // want "use b itself"
		strings.Contains(string(b), s),         // refuse "s would be converted instead"
		strings.Index(s, string(b)),
		strings.IndexByte(string(b), 'x'),                                   // want "use b itself"
		strings.ContainsAny(string(b), "xy"),                                // want "use b itself"
		strings.ContainsAny(string(b), s),                                   // want "use b itself"
		strings.IndexFunc(string(b), unicode.IsSpace),                       // want "use b itself"
		strings.IndexFunc(string(b), isX),                                   // refuse "is called while"
		strings.IndexFunc(string(b), func(r rune) bool { return r == 'x' }), // refuse "may change"
		strings.EqualFold(string(b), f()),                                   // refuse "evaluated after the conversion"
		strings.Compare(string(b), s),                                       // want "use b itself"
		strings.Count(string(b) /* lines */, "\n"),                          // refuse "comment"
		strings.TrimSpace(string(b)) == "",                                  // want "use b itself"
		strings.TrimPrefix(string(b), "v"),                                  // want "use b itself"
		strings.Trim(string(b), "\"") != s,                                  // want "use b itself"
		strings.Split(string(b), ","),
		strings.ToLower(string(b)),
		utf8.RuneCountInString(string(b)), // want "use b itself"
		utf8.Valid([]byte(s)),             // want "use s itself"
		re.MatchString(string(b)),         // want "use b itself"
		re.FindStringIndex(string(b)),     // want "use b itself"
		re.Match([]byte(s)),               // want "use s itself"
		re.ReplaceAll([]byte(s), b),
		re.FindString(string(b)),
		bytes.Contains([]byte(s), []byte("x")), // want "use s itself"
		bytes.Index([]byte(s), c),              // refuse "c would be converted instead"
		bytes.Count([]byte(t), []byte("x")),    // refuse "no plain string"
		bytes.IndexByte([]byte(s), 'x'),        // want "use s itself"
		strings.Contains(string(rune(len(s))), "x"),
		strings.HasPrefix(string([]byte(s)), "x"), // refuse "there and back"
		bytes.HasPrefix([]byte(string(b)), c),     // refuse "there and back"
	}
}

func shadowed(b []byte, bytes int) bool {
	return strings.HasPrefix(string(b), "x") // refuse "means something else"
}

func variable(b []byte, m map[string]int, set map[string]bool) int {
	k := string(b) // want `use string\(b\) where it stands`
	if v, ok := m[k]; ok && k != "none" {
		return v
	}
	switch k {
	case "a", "b":
		return len(k)
	}
	return 0
}

func variables(b, c []byte, m map[string]int, f func()) (n int) {
	k1 := string(b) // refuse `b\[0\] is assigned`
	b[0] = 'x'
	n += m[k1]
	k2 := string(b) // refuse "f is called"
	f()
	n += m[k2]
	k3 := string(b) // refuse "copy is called"
	n += copy(b, "xyz") + m[k3]
	k4 := string(b) // stored
	m[k4] = 1
	k5 := string(c) // refuse "c may change"
	func() { c = nil }()
	n += m[k5]
	if k6 := string(b); k6 != "" { // refuse "head of a statement"
		n++
	}
	k7 := string(b) // want "where it stands"
	for i := range 3 {
		if k7 == "x" {
			n += i
		}
	}
	k8 := string(b) // refuse `b\[i\] is assigned`
	for i := range 3 {
		if k8 == "x" {
			n += i
		}
		b[i]++
	}
	k9 := string(b) // refuse "means something else"
	{
		b := "x"
		if k9 == b {
			n++
		}
	}
	k10 := string(b) // refuse "b is assigned"
	b = append(c, 'x')[:0]
	n += len(k10)
	var arr, other [4]byte
	var inner struct{ arr [4]byte }
	sl := arr[:]
	k11 := string(sl) // refuse "arr is assigned"
	arr = other
	n += m[k11]
	k12 := string(sl) // refuse "inner is assigned"
	inner, n = struct{ arr [4]byte }{}, 1
	n += m[k12]
	k13 := string(sl) // refuse `inner.arr is assigned`
	for _, inner.arr = range [][4]byte{other} {
		n += m[k13]
	}
	k14 := string(sl) // want "where it stands"
	now := other
	return n + m[k14] + int(now[0])
}

func writers(f *os.File, bw *bufio.Writer, w io.Writer, sb *strings.Builder, bb *bytes.Buffer, s string, b []byte, t text) error {
	f.Write([]byte(s))                 // want "write the string itself"
	f.Write([]byte(t))                 // refuse "no plain string"
	_, err := f.WriteString(string(b)) // want "write the bytes themselves"
	sb.WriteString(string(b))          // want "write the bytes themselves"
	bb.WriteString(string(b))          // refuse "share the buffer's bytes"
	bw.WriteString(string(b))          // refuse "other things"
	bw.Write([]byte(s))                // refuse "other things"
	w.Write([]byte(s))                 // refuse "other things"
	io.WriteString(w, string(b))       // refuse "WriteString of w"
	w.Write([]byte("constant"))
	bb.WriteString(string([]byte(s)))                      // want "write the string itself"
	bb.Write([]byte(string(b)))                            // want "write the string itself"
	sb.Write([]byte(string(b)))                            // want "write the bytes themselves"
	sb.WriteString(string([]byte(s)))                      // want "write the string itself"
	sb.WriteString(string([]byte( /* s */ s)))             // refuse "comment"
	sb.WriteString(string([]byte(t)))                      // want "write the bytes themselves"
	f.Write( /* s */ []byte(s))                            // want "write the string itself"
	f.Write([]byte( /* s */ s))                            // refuse "comment"
	json.NewDecoder(bytes.NewReader([]byte(s))).Decode(&b) // want "read from the string itself"
	_ = bufio.NewReader(bytes.NewBuffer([]byte(s)))        // refuse "another type"
	return err
}

type item struct {
	name string
	out  *strings.Builder
}

func (i *item) String() string { return i.name }

func parts(sb *strings.Builder, bw *bufio.Writer, s, t string, i *item, b []byte) string {
	var own strings.Builder
	var buf bytes.Buffer
	sb.WriteString(s + "=" + t)               // want "write the parts one by one"
	sb.WriteString("<" + s + ">" + "\n")      // want "write the parts one by one"
	sb.WriteString(i.String() + ":")          // want "write the parts one by one"
	sb.WriteString(":" + i.String())          // refuse "calls a function"
	sb.WriteString(":" + i.name)              // refuse "may panic"
	own.WriteString(":" + i.String())         // want "write the parts one by one"
	own.WriteString("(" + own.String() + ")") // refuse "reads what is written"
	own.WriteString(s + string(b))            // want "write the parts one by one"
	buf.WriteString(s + string(b))            // refuse "share the buffer's bytes"
	n, _ := own.WriteString(s + t)            // refuse "returns is used"
	own.WriteString(s /* and */ + t)          // refuse "comment"
	bw.WriteString(s + t)
	own.WriteString("a" + "b")
	if n > 0 {
		own.WriteString(i.String() + i.name) // refuse "order"
	}
	return own.String() + buf.String()
}
