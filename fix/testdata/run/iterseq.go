// Iterseq visits the same parts, whatever the body of the loop does.
package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

var texts = []string{"", ",", "a", "a,b", ",a,,b,", " a  b ", "é ü", "\xff,\xfe \u00a0x\u0085y", "a\nb\n\nc"}

func visit(s, sep string) (out []string, err error) {
	defer func() {
		if r := recover(); r != nil {
			out = append(out, fmt.Sprint("panic ", r))
		}
	}()
outer:
	for _, line := range strings.Split(s, "\n") { // fixed
		for _, w := range strings.Split(line, sep) { // fixed
			switch w {
			case "b":
				continue outer
			case "stop":
				break outer
			case "c":
				return out, fmt.Errorf("c in %q", out)
			case "x":
				panic(len(out))
			}
			out = append(out, w)
			s, sep = s+"z", "?"
		}
	}
	return out, nil
}

func main() {
	for _, s := range texts {
		for _, sep := range []string{",", "", " ", "ab"} {
			fmt.Println(visit(s, sep))
		}
		n := 0
		for _, w := range strings.SplitAfter(s, ",") { // fixed
			fmt.Printf("%q ", w)
		}
		for range strings.Fields(s) { // fixed
			n++
		}
		for _, w := range strings.FieldsFunc(s, unicode.IsSpace) { // fixed
			fmt.Printf("%q ", w)
		}
		for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r > 'é' }) { // fixed
			fmt.Printf("%q ", w)
		}
		for _, w := range bytes.Fields([]byte(s)) { // fixed
			n += len(w)
		}
		for _, w := range bytes.Split([]byte(s), []byte("")) { // fixed
			fmt.Print(string(w), len(w), " ")
		}
		var funcs []func() string
		fields := strings.Fields(s) // fixed
		for _, f := range fields {
			funcs = append(funcs, func() string { f += "!"; return f })
		}
		for _, f := range funcs {
			fmt.Print(f(), f(), " ")
		}
		fmt.Println(n)
	}
}
