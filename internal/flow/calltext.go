package flow

import (
	"strings"
	"unicode/utf8"

	"github.com/stackward-go/stackward/alloc"
)

// A callText is a call as the compiler prints it: methods as method
// expressions, "(*T).M(t, b)", and packages by name, "fmt.Sprintf".
type callText struct {
	callee string   // type arguments folded to "[...]"
	args   []string // receiver first, dictionaries of type parameters left out
}

// parseCall reads the compiler's text of a call.
func parseCall(text string) (callText, bool) {
	if !strings.HasSuffix(text, ")") {
		return callText{}, false
	}
	open, depth := -1, 0
	scan(text, func(i int, c byte) {
		switch c {
		case '(', '[', '{':
			if depth == 0 && c == '(' {
				open = i
			}
			depth++
		case ')', ']', '}':
			depth--
		}
	})
	if open <= 0 {
		return callText{}, false
	}
	call := callText{callee: alloc.FoldFunc(text[:open])}
	for _, arg := range split(text[open+1:len(text)-1], ',') {
		arg = strings.TrimSpace(arg)
		if arg != "" && !strings.Contains(arg, ".dict") {
			call.args = append(call.args, arg)
		}
	}
	if n := len(call.args); n > 0 {
		// "f(a...)" and, with the compiler's own slice, "f(... argument...)".
		call.args[n-1] = strings.TrimSuffix(call.args[n-1], "...")
	}
	return call, true
}

// indices returns the places of args that the value named by text takes:
// those that are it, or else those that mention it.
func (c callText) indices(text string) []int {
	var exact, within []int
	for i, a := range c.args {
		switch {
		case a == text:
			exact = append(exact, i)
		case mentions(a, text):
			within = append(within, i)
		}
	}
	if exact != nil {
		return exact
	}
	return within
}

// mentions reports whether word stands in text and is not a part of a longer
// name.
func mentions(text, word string) bool {
	if word == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(word)
		if (i == 0 || !isWord(text[i-1]) || !isWord(word[0])) && (end == len(text) || !isWord(text[end]) || !isWord(word[len(word)-1])) {
			return true
		}
		from = i + 1
	}
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= utf8.RuneSelf
}

// split cuts s at every sep outside of brackets and quotes.
func split(s string, sep byte) []string {
	var parts []string
	depth, from := 0, 0
	scan(s, func(i int, c byte) {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case sep:
			if depth == 0 {
				parts = append(parts, s[from:i])
				from = i + 1
			}
		}
	})
	return append(parts, s[from:])
}

// cutRunes is the number of runes, opening quote included, after which
// go/constant cuts a quoted string and writes "..." in place of the rest and
// of the closing quote (constant.Value.String, go1.26).
const cutRunes = 72 - 3

// scan calls f with each byte of s outside of quotes.
func scan(s string, f func(i int, c byte)) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\'', '`':
			i = endOfQuote(s, i)
		default:
			f(i, c)
		}
	}
}

// endOfQuote returns the index of the last byte of the quoted text that starts
// at i.
func endOfQuote(s string, i int) int {
	quote, runes := s[i], 1
	for j := i + 1; j < len(s); {
		if quote == '"' && runes == cutRunes && strings.HasPrefix(s[j:], "...") {
			return j + 2
		}
		switch {
		case s[j] == '\\' && quote != '`' && j+1 < len(s):
			j, runes = j+2, runes+2
			continue
		case s[j] == quote:
			return j
		}
		_, n := utf8.DecodeRuneInString(s[j:])
		j, runes = j+n, runes+1
	}
	return len(s) - 1
}
