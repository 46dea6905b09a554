package unchanged

import (
	"bytes"
	"strings"
	"unicode"
)

func letters(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) {
			b.WriteRune(r) // want "have strings.Map write to b"
		}
	}
	return b.String()
}

func identifier(s string) string {
	var b bytes.Buffer
	b.Grow(len(s))
	for _, r := range s {
		switch {
		case r == ' ', r == '-':
			b.WriteByte('_') // want "have strings.Map write to b"
		case r == '.':
			b.WriteString("·")
		case unicode.IsControl(r):
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return "x" + b.String()
}

func squeeze(s string) (string, int) {
	out := make([]rune, 0, len(s))
	prev := rune(-1)
	for _, r := range s {
		if r == prev {
			continue
		}
		prev = r
		if r == '\t' {
			out = append(out, ' ') // want "have strings.Map write to out"
			continue
		}
		r = unicode.ToUpper(r)
		out = append(out, r)
	}
	text := string(out)
	return text, len(text)
}

func shadowed(s string) (n int) {
	if s != "" {
		b := strings.Builder{}
		for _, s := range s {
			if s > 'a' {
				b.WriteRune(s) // want "have strings.Map write to b"
			} else if s > 'A' {
				b.WriteRune('a')
			} else {
				b.WriteRune('\uFFFD')
			}
		}
		n = b.Len()
	}
	return n
}

func twoRunes(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '&' {
			b.WriteRune('&') // refuse "a round may go on when it has written a rune"
		}
		b.WriteRune(r)
	}
	return b.String()
}

func texts(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '&' {
			b.WriteString("&amp;") // refuse `"&amp;" is not one rune`
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func calls(s string, f func(rune) rune) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteRune(f(r)) // refuse `f\(r\) may be negative`
	}
	return b.String()
}

func bytewise(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 128 {
			b.WriteByte(byte(r)) // refuse "no literal of an ASCII character"
		}
	}
	return b.String()
}

func stops(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '#' {
			break
		}
		b.WriteRune(r) // refuse "the loop has a break"
	}
	return b.String()
}

func more(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '#' {
			b.WriteRune(r) // refuse "uses b in another way"
		}
	}
	b.WriteRune('#')
	return b.String()
}

func before(s string) string {
	var b strings.Builder
	b.WriteRune('#')
	for _, r := range s {
		if r != '#' {
			b.WriteRune(r) // refuse "uses b in another way"
		}
	}
	return b.String()
}

func looks(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r != '#' || b.Len() == 0 {
			b.WriteRune(r) // refuse "b is used within the loop"
		}
	}
	return b.String()
}

func returns(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '#' {
			return ""
		}
		b.WriteRune(r) // refuse `return "" stands in the loop`
	}
	return b.String()
}

func started(s string) string {
	out := []rune{'x'}
	for _, r := range s {
		if r != '#' {
			out = append(out, r) // refuse "out does not start empty"
		}
	}
	return string(out)
}

func counted(s string) (string, int) {
	var out []rune
	for _, r := range s {
		if r != '#' {
			out = append(out, r) // refuse "uses out in another way"
		}
	}
	return string(out), len(out)
}

func again(list []string) string {
	var b strings.Builder
	for _, s := range list {
		for _, r := range s {
			if r != '#' {
				b.WriteRune(r) // refuse "b is declared elsewhere"
			}
		}
	}
	return b.String()
}

func indexed(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func other() (b bytes.Buffer) { return b }

func unreached(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == 'a' {
			continue
			continue
		}
		b.WriteRune(r) // refuse "continue is never reached"
	}
	return b.String()
}
