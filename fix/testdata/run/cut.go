// Cut gives the parts that splitting gives, of any text.
package main

import (
	"bytes"
	"fmt"
	"strings"
)

var texts = []string{"", ",", ",,", "a", "a,", ",a", "a,b", "a,b,c", ",a,,b,", "::", ":::", "a::b:::c", "/", "a/", "/a/b", "é,ü", "\xff,\xfe"}

type failed struct{ s string }

func (f failed) Error() string { return "failed " + f.s }

func pair(s string) (a, b string, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = failed{fmt.Sprint(r)}
		}
	}()
	parts := strings.SplitN(s, ",", 2) // fixed
	if len(parts) != 2 {
		return parts[0], "", failed{s}
	}
	key, value := parts[0], parts[1]
	return key, value, nil
}

func exact(s string) string {
	parts := strings.Split(s, "::") // fixed
	if len(parts) != 2 || parts[1] == "x" {
		return "not two"
	}
	return parts[1] + "<" + parts[0]
}

func cases(s string) (out string) {
	if p := strings.Split(s, ","); len(p) == 2 && p[0] != "" { // fixed
		out = p[1] + p[0]
	} else if len(p) < 2 {
		out = "one " + p[0]
	} else if !(len(p) == 2) {
		out = "more"
	} else {
		out = "empty first"
	}
	if p := strings.SplitN(s, ",", 3); len(p) == 1 || len(p) == 2 && p[1] == "b" { // fixed
		out += "!" + p[0]
	}
	return out
}

func last(s string) string {
	parts := strings.Split(s, "/") // fixed
	return parts[len(parts)-1]
}

func numbers(s string) []any {
	b := []byte(s)
	return []any{
		len(strings.Split(s, ",")),            // fixed
		-len(strings.Split(s, ",")) * 2,       // fixed
		3 - len(strings.Split(s, "::")),       // fixed
		len(strings.Split(s, "::")) - 1,       // fixed
		len(strings.Split(s, ",")) > 1,        // fixed
		1 == len(strings.Split(s, ",")),       // fixed
		len(bytes.Split(b, []byte(","))) != 3, // fixed
		len(strings.Split(s, ",")) >= 4,       // fixed
		7 | len(strings.Split(s, ",")),        // fixed
		1 << len(strings.Split(s, ",")),       // fixed
	}
}

func first(s string) string {
	a := strings.Split(s, ",")[0]       // fixed
	if strings.Split(s, "/")[0] == "" { // fixed
		a += strings.ToUpper(strings.SplitN(s, "::", 2)[0]) // fixed
	}
	for i, r := range strings.Split(s, ",")[0] { // fixed
		a += fmt.Sprint(i, r)
	}
	switch strings.Split(s, ",")[0] { // fixed
	case "a":
		a += "is a"
	}
	return a
}

func raw(s string) string {
	b := []byte(s)
	kv := bytes.SplitN(b, []byte(","), 2) // fixed
	if len(kv) < 2 {
		return string(kv[0]) + "alone"
	}
	rest := kv[1]
	return string(kv[0]) + "|" + string(rest) + fmt.Sprint(cap(rest) >= len(rest))
}

func main() {
	for _, s := range texts {
		a, b, err := pair(s)
		fmt.Printf("%q %q %v\n", a, b, err)
		fmt.Printf("%q %q %q %q %q\n", exact(s), cases(s), last(s), first(s), raw(s))
		fmt.Println(numbers(s)...)
	}
}
