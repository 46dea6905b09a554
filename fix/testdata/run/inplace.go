package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

func main() {
	inputs := []string{"", " ", "a", "GET /", "  x\ty \n", "é", "\xff", "a\xffb", "Kk", "ſS", "\u2028 x", "xxaxx", strings.Repeat("long ", 20), "v1.2"}
	for _, s := range inputs {
		runes(s)
		m := map[string]int{"a": 1, "x": 2}
		fmt.Println(lookup([]byte(s), m))
		for _, t := range inputs {
			twins([]byte(s), []byte(t), t)
			back(s, t)
		}
		written(s, []byte(s))
		fmt.Println(panics(nil), panics(&s))
	}
}

func runes(s string) {
	for _, r := range []rune(s) { // fixed
		fmt.Print(r, " ")
	}
	n := 0
	for range []rune(s) { // fixed
		n++
	}
	fmt.Println(n)
}

var word = regexp.MustCompile(`[a-z]+`)

func twins(b, c []byte, t string) {
	fmt.Println(
		strings.HasPrefix(string(b), t),                   // fixed
		strings.HasSuffix(string(b), t),                   // fixed
		strings.EqualFold(string(b), t),                   // fixed
		strings.Compare(string(b), t),                     // fixed
		strings.Contains(string(b), string(c)),            // fixed
		strings.Index(string(b), string(c)),               // fixed
		strings.LastIndex(string(b), string(c)),           // fixed
		strings.Count(string(b), string(c)),               // fixed
		strings.ContainsAny(string(b), t),                 // fixed
		strings.IndexAny(string(b), t),                    // fixed
		strings.LastIndexAny(string(b), t),                // fixed
		strings.ContainsRune(string(b), 'é'),              // fixed
		strings.IndexRune(string(b), utf8.RuneError),      // fixed
		strings.IndexByte(string(b), 'x'),                 // fixed
		strings.LastIndexByte(string(b), 'x'),             // fixed
		strings.IndexFunc(string(b), unicode.IsSpace),     // fixed
		strings.LastIndexFunc(string(b), unicode.IsUpper), // fixed
	)
	fmt.Printf("%q %q %q %q %q %q %q %q\n",
		strings.TrimSpace(string(b)),                      // fixed
		strings.Trim(string(b), t),                        // fixed
		strings.TrimLeft(string(b), t),                    // fixed
		strings.TrimRight(string(b), t),                   // fixed
		strings.TrimPrefix(string(b), t),                  // fixed
		strings.TrimSuffix(string(b), t),                  // fixed
		strings.TrimFunc(string(b), unicode.IsSpace),      // fixed
		strings.TrimLeftFunc(string(b), unicode.IsLetter), // fixed
	)
	r, n := utf8.DecodeRuneInString(string(b))                                                                        // fixed
	l, o := utf8.DecodeLastRuneInString(string(b))                                                                    // fixed
	fmt.Println(r, n, l, o, utf8.RuneCountInString(string(b)), utf8.ValidString(string(b)))                           // fixed // fixed
	fmt.Println(word.MatchString(string(b)), word.FindStringIndex(string(b)), word.FindAllStringIndex(string(b), -1)) // fixed // fixed // fixed
	fmt.Println(strings.TrimSpace(string(b)) == t)                                                                    // fixed
}

func back(s, t string) {
	fmt.Println(
		bytes.HasPrefix([]byte(s), []byte(t)), // fixed
		bytes.Index([]byte(s), []byte(t)),     // fixed
		bytes.IndexAny([]byte(s), t),          // fixed
		utf8.RuneCount([]byte(s)),             // fixed
		word.Match([]byte(s)),                 // fixed
	)
	var v any
	err := json.NewDecoder(bytes.NewReader([]byte(s))).Decode(&v) // fixed
	fmt.Println(v, err)
}

func lookup(b []byte, m map[string]int) string {
	k := string(b) // fixed
	if v, ok := m[k]; ok {
		return fmt.Sprint(v)
	}
	switch k {
	case "":
		return "empty"
	case "é", "\xff":
		return "odd"
	}
	if k < "b" {
		return "low"
	}
	return ""
}

func written(s string, b []byte) {
	var sb strings.Builder
	var bb bytes.Buffer
	up := func(s string) string { return strings.ToUpper(s) + fmt.Sprint(bb.Len()) }
	sb.WriteString(s + "=" + "<" + up(s) + ">\n") // fixed
	sb.WriteString(s + string(b))                 // fixed
	sb.WriteString(string(b))                     // fixed
	bb.WriteString("é" + s)                       // fixed
	bb.WriteString(s + up(s))
	fmt.Println(sb.String(), bb.String())
}

func panics(p *string) (s string) {
	var b strings.Builder
	var own strings.Builder
	defer func() { s = fmt.Sprint(recover(), b.String()) }()
	b.WriteString("<" + *p)
	own.WriteString("<" + *p) // fixed
	b.WriteString(*p + ">")   // fixed
	return own.String()
}
