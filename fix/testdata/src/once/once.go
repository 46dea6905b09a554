package once

import (
	"errors"
	htmltemplate "html/template"
	"io"
	"regexp"
	"strings"
	"text/template"
)

const pattern = `^[a-z]+$`

var errEmpty = errors.New("empty")

var lengths = map[string]int{"a": len(pattern)}

// Valid has a comment.
func Valid(s string) bool {
	// want +2 `make regexp.MustCompile\(…\) once, when the program starts`

	re := regexp.MustCompile(pattern)

	return re.MatchString(s) || re.MatchString("x"+s)
}

func direct(s string) string {
	return regexp.MustCompile("a"+"b").ReplaceAllString(s, "c") // want `make regexp`
}

func named(s string) []string {
	var out []string // want +1 "make regexp"
	wordRegexp := regexp.MustCompile(`\w+`)
	for range 3 {
		out = append(out, wordRegexp.FindAllString(s, -1)...)
	}
	return out
}

func namedTwice(s string) bool {
	s += "" // want +1 "make regexp"
	var digits = regexp.MustCompile(`\d+`)
	return digits.MatchString(s)
}

func namedTwiceToo(s string, digits int) bool {
	return digits > 0
}

type T struct{}

func (T) URLPath(s string) string {
	// Spaces go.
	r := strings.NewReplacer(" ", "", "\t", "") // want `make strings.NewReplacer`
	return r.Replace(s)
}

func header(w io.Writer) error {
	t := template.Must(template.New("x").Delims("[[", "]]").Parse(`hi [[.]]`)) // want `make template.Must`
	return t.Execute(w, 1)
}

func page(w io.Writer) error {
	return htmltemplate.Must(htmltemplate.New("x").Parse(`hi {{.}}`)).Execute(w, 1) // want `make htmltemplate.Must`
}

func inInit(s string) int {
	if re := regexp.MustCompile("x"); re.MatchString(s) { // want `make regexp`
		return 1
	}
	f := func(s string) bool {
		re := regexp.MustCompile("y") // want `make regexp`
		return re.MatchString(s)
	}
	switch {
	case f(s):
		re := regexp.MustCompile("z") // want `make regexp`
		return len(re.FindString(s))
	}
	return strings.IndexFunc(s, func(r rune) bool { return regexp.MustCompile("a").MatchReader(nil) }) // want `make regexp`
}

type point struct{ x, y int }

func table(s string) int {
	s += "" // want +1 "make map.string.int...."
	m := map[string]int{
		"a": 1,
		"b": 2,
	}
	return m[s]
}

func structs(s string, each func(point)) (p point, ok bool) {
	points := map[string]point{"a": {1, 2}, "b": {x: 3}} // want "make map.string.point"
	for _, p := range points {
		each(p)
	}
	if len(points) > 3 {
		return
	}
	p, ok = points[s]
	return p, ok
}

func lookUp(s string) bool { return map[string]bool{"x": true}[s] } // want "make map"

// Refused.

func returned() *regexp.Regexp {
	return regexp.MustCompile(pattern) // refuse "goes where it may be changed or compared"
}

func returnedLater() *regexp.Regexp {
	re := regexp.MustCompile(pattern) // refuse "re goes where it may be changed or compared"
	re.MatchString("a")
	return re
}

func longest(s string) string {
	re := regexp.MustCompile(pattern) // refuse "Longest is called, which may change it"
	re.Longest()
	return re.FindString(s)
}

func names() []string {
	return regexp.MustCompile(pattern).SubexpNames() // refuse "SubexpNames is called, which may change it or give it away"
}

func assigned(s string) bool {
	re := regexp.MustCompile(pattern) // refuse "re goes where"
	re = nil
	return re.MatchString(s)
}

func assignedToo(s string) bool {
	var re *regexp.Regexp
	re = regexp.MustCompile(pattern) // refuse "assigned with others or to what exists"
	return re.MatchString(s)
}

func passed(s string) { use(regexp.MustCompile(pattern)) } // refuse "goes where"

func use(re *regexp.Regexp) {}

func bad(s string) bool {
	return regexp.MustCompile("(").MatchString(s) // refuse "panics, and would do so when the program starts"
}

func odd(s string) string {
	return strings.NewReplacer("a").Replace(s) // refuse "panics"
}

func localConst(s string) bool {
	const pattern = "a"
	return regexp.MustCompile(pattern).MatchString(s) // refuse "pattern belongs to the function"
}

func commented(s string) bool {
	return regexp.MustCompile( /* letters */ pattern).MatchString(s) // refuse "a comment stands"
}

func variable(s, t string) bool {
	return regexp.MustCompile(t).MatchString(s)
}

func broken(w io.Writer) error {
	return template.Must(template.New("x").Parse(`{{`)).Execute(w, 1) // refuse "does not parse"
}

func unknownFunction(w io.Writer) error {
	return template.Must(template.New("x").Parse(`{{f .}}`)).Execute(w, 1) // refuse "does not parse"
}

func extended(w io.Writer) error {
	t := template.Must(template.New("x").Parse(`{{.}}`)) // refuse "Parse is called"
	t.Parse("y")
	return t.Execute(w, 1)
}

func changed(s string) int {
	m := map[string]int{"a": 1} // refuse "m is changed"
	m[s] = 2
	return m["a"]
}

func counted(s string) int {
	m := map[string]int{"a": 1} // refuse "m is changed"
	m[s]++
	return m["a"]
}

func deleted(s string) int {
	m := map[string]int{"a": 1} // refuse "m goes where"
	delete(m, s)
	return m["a"]
}

func returnedMap() map[string]int { return map[string]int{"a": 1} } // not a table

func length(s string) ([]int, []int) {
	return make([]int, map[string]int{"a": 1}[s]), // want "once, when the program starts"
		make([]int, (map[string]int{"a": 1}[s]), 4) // refuse "the compiler crashes"
}

func notConstant(s string, n int) int { return map[string]int{"a": n}[s] }

func ofPointers(s string) *point { return map[string]*point{"a": {1, 2}}[s] }

func ofSlices(s string) []int { return map[string][]int{"a": {1, 2}}[s] }

func localType(s string) int {
	type key string
	return map[key]int{"a": 1}[key(s)] // refuse "key belongs to the function"
}

func generic[K ~string](s K) int {
	return map[K]int{"a": 1}[s] // refuse "K belongs to the function"
}

func init() {
	regexp.MustCompile("x").MatchString("y") // refuse "init runs once"
	for range 3 {
		regexp.MustCompile("x").MatchString("y") // want "make regexp"
	}
}
