// strings.Map writes what a loop writes, of text that is no UTF-8 too.
package main

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
)

var (
	seen []rune
	_    bytes.Buffer
)

func look(r rune) bool { seen = append(seen, r); return r != 'x' }

func keep(s string) string {
	var b strings.Builder
	for _, r := range s {
		if look(r) {
			b.WriteRune(r) // fixed
		}
	}
	return b.String()
}

func same(s string) string {
	var b bytes.Buffer
	for _, r := range s {
		b.WriteRune(r) // fixed
	}
	return b.String()
}

func upper(s string) (string, int) {
	var out strings.Builder
	n := 0
	for _, r := range s {
		n++
		if r == '�' {
			out.WriteByte('?') // fixed
			continue
		}
		switch r = unicode.ToUpper(r); {
		case r > 0x10000:
			out.WriteRune('\u00b7')
		case r == 'Q':
		default:
			out.WriteRune(r)
		}
	}
	return "<" + out.String() + ">", n + out.Len()
}

func runes(s string) string {
	out := make([]rune, 0, len(s))
	last := rune(0)
	for _, r := range s {
		if r == last {
			continue
		}
		last = r
		out = append(out, r) // fixed
	}
	return string(out)
}

func main() {
	for _, s := range []string{"", "abc", "axbxc", "x", "xx", "a\xffb", "\xff\xfe", "é\u2028𝄞q", "aab\xff\xffc", "\ufffd\ufffd", "\xed\xa0\x80", "ſS"} {
		fmt.Printf("%q %q %q\n", keep(s), same(s), runes(s))
		fmt.Println(upper(s))
	}
	fmt.Println(seen)
}
