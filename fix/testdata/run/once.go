// Once keeps what is matched and looked up, by many at the same time.
package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"text/template"
)

type size struct{ w, h int }

func words(s string) []string {
	return regexp.MustCompile(`\w+`).FindAllString(s, -1) // fixed
}

func clean(s string) string {
	r := strings.NewReplacer("<", "&lt;", ">", "&gt;") // fixed
	return r.Replace(s)
}

func greet(name any) string {
	var b bytes.Buffer
	t := template.Must(template.New("t").Parse(`hi {{printf "%5v" .}}{{.Missing}}`)) // fixed
	err := t.Execute(&b, name)
	return fmt.Sprint(b.String(), err)
}

func area(name string) (int, bool) {
	sizes := map[string]size{"a": {1, 2}, "b": {h: 4, w: 3}} // fixed
	s, ok := sizes[name]
	s.w++
	return s.w * s.h, ok
}

var first = area2("b") // runs before main, by a reference that is known

func area2(name string) int {
	return map[string]int{"a": 2, "b": 12}[name] // fixed
}

func main() {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := fmt.Sprint(words("a b"), clean("<a>")); got != "[a b] &lt;a&gt;" {
					fmt.Println(got)
				}
				greet(1)
			}
		})
	}
	wg.Wait()
	fmt.Println(words("x, y-z"), clean("<>"), greet("you"), greet(nil))
	for _, name := range []string{"a", "b", "a", "c"} {
		fmt.Println(area(name))
	}
	fmt.Println(first)
}
