package builder

import (
	"fmt"
	"strconv"
)

func join(parts map[string]int) string {
	s := ""
	for p := range parts {
		s += p // want "build s with a strings.Builder"
	}
	return s
}

func separated(nums []int) string {
	var out string
	for i, n := range nums {
		if i > 0 {
			out += ", " // want "build out"
		}
		out += "<" + strconv.Itoa(n) + ">"
	}
	if out == "" {
		return "none"
	}
	return "[" + out + "]"
}

func begun(name string, parts []string) (string, int) {
	// What it begins with.
	s := name + ":"
	for _, p := range parts {
		s = s + p + "\n" // want "build s"
	}
	s += "end"
	return s, len(s)
}

func converted(text string, raw [][]byte) string {
	var s = ""
	for _, r := range text {
		s += string(r) // want "build s"
		s += string(rune('a')) + string(r)
	}
	for _, b := range raw {
		s += string(b)
	}
	return s
}

func words(text string) []string {
	var list []string
	word := ""
	for _, r := range text {
		if r == ' ' {
			if word != "" {
				list = append(list, word)
				word = ""
			}
			continue
		}
		word += string(r) // want "build word"
	}
	return append(list, word)
}

func doubled() string {
	t := "x"
	for range 3 {
		t += t // want "build t"
	}
	return t
}

func inHeader(n int) string {
	s := ""
	for ; n > 0; s += "x" { // want "build s"
		n--
	}
	return s
}

// A parameter is built on.
func param(s string, parts []string) string {
	// All of them.
	for _, p := range parts {
		s += p // want "build s with a strings.Builder in the loop"
		if len(s) > 80 {
			break
		}
	} // not more
	return s
}

func cut(parts []string) (s string) {
	for _, p := range parts {
		s += p + ", " // want "build s with a strings.Builder in the loop"
	}
	s = s[:len(s)-2]
	return
}

func endless(parts []string) string {
	a, s := "", ""
	for i := 0; ; i++ {
		if i == len(parts) {
			return s + a
		}
		s += parts[i] // want "build s"
	}
}

func lines(rows [][]string) string {
	page := ""
	for i, row := range rows {
		line := fmt.Sprint(i)
		for _, cell := range row {
			line += "|" + cell // want "build line"
		}
		page += line // want "build page"
	}
	return page
}

func constant(parts []string, all bool) string {
	s := "("
	for _, p := range parts {
		if all || p != "" {
			s += p // want "build s"
		}
	}
	return s + ")"
}

func header(parts [][]string) string {
	for s := "a"; ; {
		for _, p := range parts[len(s)] {
			s += p + "." // want "build s with a strings.Builder in the loop"
		}
		if len(parts[len(s)]) == 0 {
			return s
		}
	}
}

func inner(parts [][]string) (n int) {
	for s := ""; n < 9; n++ {
		for _, p := range parts[n] {
			s += p + "." // want "build s with a strings.Builder in the loop"
			println(len(s))
		}
	}
	return n
}

func onlyWithin(s string, parts []string) {
	for _, p := range parts {
		s += p + "/" // want "build s with a strings.Builder in the loop"
		println(s)
	}
}

func conditional(s string, parts []string) string {
	for _, p := range parts {
		if p != "" {
			s += p // want "build s with a strings.Builder in the loop"
		}
	}
	return s
}

func joinedFirst(name string, parts []string) string {
	s := "(" + name + string(name[0])
	for _, p := range parts {
		s += p + "," // want "build s with a strings.Builder"
	}
	return s + ")"
}

func sourceCommented(name string) (s string) {
	parts := ( // all
	/* of them */ []string{name, "b"})
	for _, p := range parts {
		s += p + "," // want "build s with a strings.Builder in the loop"
	}
	return s
}
