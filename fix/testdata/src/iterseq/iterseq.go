package iterseq

import (
	"bytes"
	"fmt"
	"log"
	"runtime"
	"strings"
	"unicode"
)

func use(...any) {}

func seps(r rune) bool { return r == ',' || unicode.IsSpace(r) }

var calls int

func counts(r rune) bool { calls++; return r == ',' }

func text(s, sep string, names map[string]int) (n int, found string) {
	for _, w := range strings.Split(s, sep) { // want "range over strings.SplitSeq, which makes no slice"
		use(w)
	}
	for range strings.Split(s, ",") { // want "strings.SplitSeq"
		n++
	}
	for _ = range strings.Split(s, ",") { // want "strings.SplitSeq"
		n++
	}
	for _, _ = range strings.SplitAfter(s, ",") { // want "strings.SplitAfterSeq"
		n++
	}
outer:
	for _, line := range strings.Split(s, "\n") { // want "strings.SplitSeq"
		for _, w := range strings.Fields(line) { // want "strings.FieldsSeq"
			switch w {
			case "a":
				continue outer
			case "b":
				break outer
			case "c":
				return n, w
			}
			names[w]++
			s += w
		}
	}
	for _, w := range strings.FieldsFunc(s, unicode.IsSpace) { // want "strings.FieldsFuncSeq"
		use(w)
	}
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == '/' }) { // want "strings.FieldsFuncSeq"
		use(w)
	}
	for _, w := range strings.FieldsFunc(s, seps) { // want "strings.FieldsFuncSeq"
		use(w)
	}
	for _, found = range (strings.Split(s, ",")) { // want "strings.SplitSeq"
	}
	parts := strings.Split(s, ",") // want "strings.SplitSeq"
	for _, w := range parts {
		use(w, func() { n++ })
	}
	return n, found
}

func raw(b []byte, s string, sep []byte) (n int, m map[string]int, list []string) {
	for _, w := range bytes.Split(b, []byte(",")) { // want "bytes.SplitSeq"
		m[string(w)] += len(w)
		if len(w) > 1 && w[0] == 'a' && bytes.HasPrefix(w, []byte("x")) {
			n++
			list = append(list, string(bytes.TrimSpace(w)))
		}
	}
	for _, w := range bytes.Fields([]byte(s)) { // want "bytes.FieldsSeq"
		fmt.Println(string(w))
		use(string(w[1:]))
	}
	for range bytes.Split(b, sep) { // want "bytes.SplitSeq"
		n++
	}
	return n, m, list
}

// Refused.

func refused(s string, f func(rune) bool, a []string, b []byte) (err error) {
	for i, w := range strings.Split(s, ",") { // refuse "the loop uses the index"
		use(i, w)
	}
	for i := range strings.Split(s, ",") { // refuse "the loop uses the index"
		use(i)
	}
	for _, a[0] = range strings.Split(s, ",") { // refuse `the loop assigns to a\[0\]`
	}
	for _, w := range strings.FieldsFunc(s, f) { // refuse "what tells where to split may see when it is called"
		use(w)
	}
	stop := ' '
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == stop }) { // refuse "may see when it is called"
		stop = 'x'
		use(w)
	}
	for _, w := range strings.FieldsFunc(s, counts) { // refuse "may see when it is called"
		use(w)
	}
	for _, w := range strings.Split(s, ",") { // refuse "the loop defers a call"
		defer use(w)
	}
	defer func() {
		for _, w := range strings.Split(s, ",") { // refuse "the loop calls recover"
			use(w, recover())
		}
	}()
	for _, w := range strings.Split(s, ",") { // refuse "the loop has a goto"
		if w == "" {
			goto out
		}
	}
out:
	use(s)
	parts := strings.Split(s, ",") // refuse "parts is used elsewhere too"
	for _, w := range parts {
		use(w)
	}
	use(len(parts))
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "line .* may keep w, change it or see its capacity"
		use(w)
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "line .* may keep w, change it or see its capacity"
		w[0] = 1
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "line .* may keep w, change it or see its capacity"
		b = append(w, b...)
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "use is called in the loop, which may change the bytes before it looks at them"
		use(string(w))
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse `b\[3\] is assigned in the loop`
		b[3] = w[0]
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "append is called in the loop"
		b = append(b[:0], w...)
	}
	var array [8]byte
	for _, w := range bytes.Split(array[:], []byte(",")) { // refuse "array is assigned in the loop"
		array = [8]byte{w[0]}
	}
	ch := make(chan int)
	for range bytes.Split(b, []byte(",")) { // refuse "other code runs in the loop"
		<-ch
	}
	for _, w := range bytes.Split(b, []byte(",")) { // refuse "other code runs in the loop"
		go func(n int) {}(len(w))
	}
	var p []byte
	for _, p = range bytes.Split(b, []byte(",")) { // refuse "the loop assigns to p"
	}
	use(p)
	return nil
}

func asks(s string) {
	for _, w := range strings.Split(s, ",") { // refuse "line .* calls runtime.Caller, which tells apart who calls it"
		_, file, _, _ := runtime.Caller(0)
		use(w, file)
	}
}

func logs(s string) {
	for _, w := range strings.Split(s, ",") { // refuse "calls log.Output"
		log.Output(2, w)
	}
}

// Nothing to do.

func none(s string) {
	for _, w := range strings.SplitN(s, ",", 3) {
		use(w)
	}
	for _, w := range []string{s} {
		use(w)
	}
	parts := strings.Split(s, ",")
	use(parts)
	for _, w := range parts[1:] {
		use(w)
	}
}
