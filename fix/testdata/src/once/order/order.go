// Package order has a variable that is set by what calls back through an
// interface.
package order

import (
	"fmt"
	"regexp"
)

type T string

func (t T) String() string {
	if regexp.MustCompile("^a+$").MatchString(string(t)) { // refuse "fmt.Sprint.*may come back to this package, and sets greeting"
		return "many"
	}
	return "none"
}

var greeting = fmt.Sprint(T("aaa"))
