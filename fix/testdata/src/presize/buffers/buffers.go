package buffers

import (
	"bytes"
	"fmt"
	"strings"
)

const digits = "0123456789abcdef"

func hex(data []byte) string {
	var b strings.Builder
	for _, c := range data {
		b.WriteByte(digits[c>>4]) // want `grow b by 2\*len\(data\) before the loop`
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func escape(s string) string {
	var b bytes.Buffer
	b.WriteByte('"')
	// Each of them.
	for _, r := range s {
		if r == '"' {
			b.WriteString(`\"`) // want `grow b by len\(s\) before the loop`
			continue
		}
		switch r {
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func upper(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a':
			b.WriteByte(c - 32) // want `grow b by len\(s\) before the loop`
		case c == 0:
			return "", fmt.Errorf("zero at %d", i)
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

func filter(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != ' ' {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func skip(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' {
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func until(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == ' ' {
			break
		}
		b.WriteRune(r) // refuse "the loop may end early"
	}
	return b.String()
}

func clause(s string) string {
	var b strings.Builder
	for i := range s {
		switch s[i] {
		case ' ':
			if i == 0 {
				break
			}
			b.WriteByte('_')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func grown(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range s {
		b.WriteByte(s[i])
	}
	return b.String()
}

func seen(s string) int {
	var b bytes.Buffer
	for i := range s {
		b.WriteByte(s[i])
	}
	return cap(b.Bytes())
}

func given(b *strings.Builder, s string) {
	for i := range s {
		b.WriteByte(s[i])
	}
}

func unknown(n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte('x')
	}
	return b.String()
}

func words(list []string) string {
	var b strings.Builder
	for _, w := range list {
		fmt.Fprintf(&b, "%s", w)
		b.WriteString(w)
	}
	return b.String()
}
