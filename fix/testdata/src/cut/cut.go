package cut

import (
	"bytes"
	"errors"
	"log"
	"strings"
)

func use(...any) {}

type request struct {
	host string
	url  *request
}

const sep, none = "=", ""

// The first part.

func first(s string, r *request, m map[string]string) (string, error) {
	a := strings.Split(s, ",")[0] // want "use strings.Cut in place of strings.Split"
	var b = strings.SplitN(s, sep, 2)[0] // want "use strings.Cut in place of strings.SplitN"
	a = strings.Split(r.url.host, ":")[0] // want "use strings.Cut"
	m["k"] = strings.SplitN(s, ",", -1)[0] // want "use strings.Cut"
	use(a, b)
	// A comment above the statement.
	if strings.Split(s, "/")[0] == "api" { // want "use strings.Cut"
		use(strings.TrimSpace(strings.Split(s, "/")[0])) // want "use strings.Cut"
	}
	switch strings.Split(s, ";")[0] { // want "use strings.Cut"
	case "a":
		return strings.Split(s, ",")[0], nil // want "use strings.Cut"
	}
	for _, c := range strings.Split(s, "/")[0] { // want "use strings.Cut"
		use(c)
	}
	if head := strings.Split(s, "/")[0]; head != "" { // want "use strings.Cut"
		use(head)
	}
	return strings.ToLower(strings.Split(s, "-")[0]), errors.New(s) // want "use strings.Cut"
}

// The number of parts.

func number(s string, b []byte, k int) (n int) {
	n = len(strings.Split(s, ",")) // want "use strings.Count in place of strings.Split"
	n += 2 * len(strings.Split(s, ",")) // want "use strings.Count"
	n = n - len(strings.Split(s, ",")) // want "use strings.Count"
	n = n + len(bytes.Split(b, []byte(","))) // want "use bytes.Count"
	n = -len(strings.Split(s, ",")) // want "use strings.Count"
	n = len(strings.Split(s, ",")) - 1 // want "use strings.Count"
	use(len(strings.Split(s, ",")) > 1, 2 > len(strings.Split(s, ","))) // want "use strings.Contains" "use strings.Contains"
	use(len(strings.Split(s, ",")) == 3, len(bytes.Split(b, []byte{','})) != k) // want "use strings.Count" "use bytes.Count"
	return n
}

// Parts in a variable.

func pair(s string) (string, string, error) {
	parts := strings.SplitN(s, "=", 2) // want "use strings.Cut in place of strings.SplitN"
	if len(parts) != 2 {
		return "", "", errors.New("no value")
	}
	key, value := parts[0], parts[1]
	return key, value, nil
}

func exact(s string) (string, string) {
	parts := strings.Split(s, ":") // want "use strings.Cut in place of strings.Split"
	if s == "" || len(parts) != 2 {
		panic("no pair")
	}
	host := parts[0]
	port := parts[1]
	host = strings.ToLower(host)
	return host, port
}

func within(s, key string) (out string) {
	if p := strings.Split(s, sep); len(p) == 2 && p[0] == key { // want "use strings.Cut"
		out = p[1]
	} else if len(p) < 2 {
		out = p[0]
	} else if !(len(p) == 2) && key == "" {
		out = s
	}
	if kv := strings.SplitN(s, ",", 2); len(kv) > 1 { // want "use strings.Cut"
		k, v := kv[0], kv[1]
		use(k, v)
	}
	return out
}

func shadowed(s, key string) {
	kv := strings.SplitN(s, ",", 2) // want "use strings.Cut"
	if len(kv) == 1 || len(kv[1]) == 0 {
		log.Fatalf("%s", kv[0])
	}
	{
		key, before := kv[0], 1
		use(key, before)
	}
	use(key, kv[1])
}

func loop(list []string) {
	for _, s := range list {
		kv := strings.SplitN(s, "=", 2) // want "use strings.Cut"
		k := kv[0] // the key
		if len(kv) == 1 {
			continue
		}
		func() { use(k, kv[1]) }()
	}
}

func onlyFirst(s string) {
	parts := strings.Split(s, ",") // want "use strings.Cut"
	use(parts[0], parts[0])
}

func onlyNumber(s string) bool {
	parts := strings.Split(s, ",") // want "use strings.Contains in place of strings.Split"
	return len(parts) > 1
}

func onlyTwo(s string) bool {
	parts := strings.Split(s, ",") // want "use strings.Cut"
	return !(len(parts) != 2)
}

func elseEnds(s string) string {
	parts := strings.SplitN(s, ",", 2) // want "use strings.Cut"
	if len(parts) == 2 {
		use(s)
	} else {
		return parts[0]
	}
	return parts[1]
}

// The last part.

func last(path string, r *request) string {
	parts := strings.Split(path, "/") // want "use strings.LastIndex in place of strings.Split"
	names := strings.Split(r.url.host, ".") // want "use strings.LastIndex"
	name := names[len(names)-1]
	return parts[len(parts)-1] + name
}

// Bytes.

func raw(b []byte, m map[string]int) []byte {
	m[string(bytes.Split(b, []byte("="))[0])]++ // refuse "it matters when b is looked at"
	kv := bytes.SplitN(b, []byte("="), 2) // want "use bytes.Cut"
	if len(kv) != 2 {
		return nil
	}
	m[string(kv[0])]++
	value := kv[1]
	return value
}

func rawAdopted(b []byte) int {
	kv := bytes.SplitN(b, []byte("="), 2) // want "use bytes.Cut"
	if len(kv) != 2 {
		return 0
	}
	key, value := kv[0], kv[1]
	return len(key) + cap(value)
}

// Refused.

func refused(s, by string, b []byte, list []string, n int) (out string) {
	out = strings.Split(s, by)[0] // refuse "by may be empty, at which the runes are split"
	out = strings.Split(s, none)[0] // refuse "an empty separator splits the runes"
	out = strings.Split(s, ",")[1] // refuse "panics where there are fewer parts"
	out += strings.Split(next(), ",")[0] // refuse `it matters when next\(\) is evaluated`
	use(s == "" || strings.Split(s, ",")[0] == "a") // refuse "it is evaluated on a condition"
	for strings.Split(s, ",")[0] != "" { // refuse "each round evaluates it"
	}
	if s := next(); strings.Split(s, ",")[0] == "" { // refuse "another statement comes before it"
	} else if strings.Split(s, ",")[0] == "" { // refuse "it is no part of a statement before which another can stand"
	}
	switch {
	case strings.Split(s, ",")[0] == "": // refuse "it is evaluated on a condition"
	}
	use(bytes.Split(b, []byte(","))[0]) // refuse "who gets the part may see its capacity, or keep it"
	use(strings.Split(s, // refuse "a comment stands in the call"
		",")[0]) // here, not in it
	use(strings.Split(s /* text */, ",")[0]) // refuse "a comment stands in the call"
	return strings.SplitN(list[n], ",", 2)[0] // refuse `it matters when list\[n\] is evaluated`
}

func next() string { return "" }

func refusedParts(s, by string, b []byte) {
	p1 := strings.SplitN(s, "=", 2) // refuse "line .* panics where there is one part"
	use(p1[0], p1[1])
	p2 := strings.SplitN(s, by, 2) // refuse "by may be empty"
	use(p2[0])
	p3 := strings.Split(s, "=") // refuse "what line .* uses is not all that follows the first part"
	if len(p3) > 1 {
		use(p3[1])
	}
	p4 := strings.Split(s, "=") // refuse `line .* uses p4\[2\]`
	if len(p4) > 2 {
		use(p4[2])
	}
	p5 := strings.SplitN(s, "=", 2) // refuse "line .* changes a part"
	p5[0] = "x"
	p6 := strings.SplitN(s, "=", 2) // refuse "line .* uses the number of parts"
	use(p6[0], len(p6))
	p7 := strings.SplitN(s, "=", 2) // refuse "asks of the number of parts is always the same"
	use(p7[0], len(p7) > 0)
	p8 := strings.Split(s, "::") // refuse "may be found in two places that overlap"
	use(p8[len(p8)-1])
	p9 := strings.Split(next(), "/") // refuse `next\(\) would be evaluated twice`
	use(p9[len(p9)-1])
	p10 := strings.Split(s, "/") // refuse "it uses the last part and others"
	use(p10[0], p10[len(p10)-1])
	p11 := bytes.SplitN(b, []byte("="), 2) // refuse "line .* may keep a part, or see its capacity"
	use(p11[0])
	p12 := bytes.Split(b, []byte("=")) // refuse "the text may have changed when it is asked"
	if len(p12) == 2 {
		use(len(p12[0]))
	}
	p13 := strings.Split(s, sep) // refuse "sep means something else where it is asked"
	if sep := by; len(p13) == 2 {
		use(sep)
	}
	p14 := strings.Split(s, sep) // refuse "line .* asks for other numbers of parts"
	use(len(p14) > 2, p14[0])
}

func jumps(s string) {
	p := strings.SplitN(s, "=", 2) // refuse "the function has a goto"
	if s == "" {
		goto use
	}
	if len(p) == 1 {
		return
	}
use:
	use(p[0])
	use(strings.Split(s, ",")[0]) // refuse "the function has a goto, which may not jump over a variable"
}

// Nothing to do: the slice is needed.

func needed(s string, i int) []string {
	a := strings.Split(s, ",")
	use(a[i])
	b := strings.Split(s, ",")
	use(b[0], b)
	c := strings.SplitN(s, ",", 1)
	d := strings.SplitN(s, ",", i)
	use(c[0], d[0])
	e := strings.Split(s, ",")
	e = append(e, s)
	return e[:1]
}
