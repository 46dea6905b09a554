// Builder adds to strings of all kinds, that end in all ways.
package main

import (
	"errors"
	"fmt"
	"strings"
)

func list(items map[string]bool) string {
	s := ""
	for _, k := range []string{"a", "b", "c"} {
		if items[k] {
			if s != "" {
				s += "," // fixed
			}
			s += k
		}
	}
	return s
}

func runes(text string, raw [][]byte) (string, int) {
	s := "<"
	for i, r := range text {
		s += string(r) + string(rune(i)) + string(r+0x10ffff) // fixed
		s += string(raw[i%len(raw)])
	}
	s = s + ">" + s[:1]
	return s, len(s)
}

func parts(text string) (all []string) {
	word := ""
	for i := range text {
		if text[i] == ' ' {
			all = append(all, word)
			word = ""
			continue
		}
		word += text[i : i+1] // fixed
		all = append(all, word)
	}
	return append(all, word)
}

func cut(n int) (s string, err error) {
	for i := range n {
		s += fmt.Sprint(i, ";") // fixed
	}
	if s == "" {
		return s, errors.New("none")
	}
	s = s[:len(s)-1]
	return s, nil
}

func outer(rows [][]string) string {
	page := ""
	for _, row := range rows {
		line := strings.Repeat("-", len(row))
		for i := range row {
			line += row[i] // fixed
			line += line[:1]
		}
		page += line // fixed
	}
	return page
}

func joined(list []string, sep string) string { // fixed
	s := ""
	for i, p := range list {
		if i > 0 {
			s += sep
		}
		s += p
	}
	return s
}

func doubled(s string) string {
	for len(s) < 20 {
		s += s + "." // not: it is added to itself
	}
	for i := 0; len(s) < 30; i++ {
		s += s[i : i+1] // fixed
		if i == 7 {
			break
		}
	} // comment
	return s
}

func main() {
	fmt.Println(list(nil), list(map[string]bool{"a": true, "c": true}))
	fmt.Println(runes("aé\xff", [][]byte{nil, []byte("x"), {0xff}}))
	fmt.Printf("%q\n", parts("ab  c"))
	fmt.Println(cut(0))
	fmt.Println(cut(3))
	fmt.Println(outer([][]string{{"a", "b"}, nil, {""}}) == "", joined(nil, "x"), joined([]string{"", ""}, "x"), joined([]string{"a", "b"}, ""))
	fmt.Println(doubled("ab"))
}
