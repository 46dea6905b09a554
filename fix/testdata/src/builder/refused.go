package builder

import "fmt"

type text string

func closure(parts []string) string {
	s := ""
	show := func() { fmt.Println(s) }
	for _, p := range parts {
		s += p // refuse "a function literal uses s"
		show()
	}
	return s
}

func pointer(parts []string) string {
	s := ""
	p := &s
	for _, x := range parts {
		s += x // refuse "the address of s is taken"
	}
	return *p
}

func front(parts []string) string {
	s := ""
	for _, p := range parts {
		s = p + s
	}
	return s
}

func trimmed(parts []string) string {
	s := ""
	for _, p := range parts {
		s += p // refuse "s is assigned otherwise too"
		s = s[1:]
	}
	return s
}

func deferred(parts []string) (s string) {
	defer func() { recover() }()
	for _, p := range parts {
		s += p // refuse "s is a result, and a deferred call may see it"
	}
	return
}

func leaves(parts []string) (s string) {
	for _, p := range parts {
		if p == "" {
			return
		}
		s += p // refuse "the loop may leave s as a result"
	}
	return
}

func jumped(parts [][]string, s string) string {
outer:
	for {
		t := "t"
		for _, p := range parts[0] {
			if p == "" {
				continue outer
			}
			t += p // refuse "the loop is left by a jump"
		}
		t = t[1:]
		s += t // want "build s with a strings.Builder in the loop"
		if len(s) > 9 {
			return s
		}
	}
}

func order(m map[string]string, f func() string) string {
	s := ""
	for k := range m {
		s += m[k] + f() // refuse "when what is added to s is evaluated may make a difference"
	}
	return s
}

func itself(n int) string {
	s := ""
	for range n {
		s += "(" + s + ")" // refuse "s is added to itself"
	}
	return s
}

func commented(parts []string) string {
	s := ""
	for _, p := range parts {
		s += p + /* why */ "," // refuse "a comment is in what is added to s"
	}
	return s
}

func headers(a, b string, n int) string {
	s := ""
	for ; n > 0; s += a + b { // refuse "where only one statement can be"
		n--
	}
	return s
}

func shadowed(parts []string) string {
	strings := parts
	s := ""
	for _, p := range strings {
		s += p // refuse "the name of package strings means something else here"
	}
	return s
}

func labels(n int) string {
	s := ""
again:
	for range n {
		s += "x" // refuse "the function has a goto"
	}
	if n--; n > 0 {
		goto again
	}
	return s
}

func named(parts []text) text {
	var s text
	for _, p := range parts {
		s += p
	}
	return s
}

func maybe(s string, parts []string) string {
	for _, p := range parts {
		if p != "" && len(s) < 80 {
			s += p // refuse "what s begins with would be copied, and the loop may add nothing to it"
		}
	}
	return s
}

func maybeWhole(name string, parts []string) string {
	s := name
	for _, p := range parts {
		if p != "" && len(s) < 80 {
			s += p // refuse "what s begins with would be copied"
		}
	}
	return s
}

// It adds once at most.
func first(name string, parts []string) string {
	s := name
	for _, p := range parts {
		if p != "" {
			s += p
			break
		}
		if p == name {
			s += p
			return s
		}
	}
	return s
}
