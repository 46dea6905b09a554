package cause

import (
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// ofSize gives the cause where the compiler's reason is the size, whatever
// becomes of the value. It says so in the explanation, "from X (too large for
// stack)", with go1.24 also "(non-constant size)".
func ofSize(e Evidence, _ alloc.Kind) alloc.Cause {
	if e.Diagnostic == nil {
		return ""
	}
	reason := e.Diagnostic.Reason
	if n := len(e.Diagnostic.Flow); reason == "" && n > 0 {
		reason = e.Diagnostic.Flow[n-1].Step
	}
	switch {
	case strings.HasPrefix(reason, "too large"), strings.HasPrefix(reason, "too aligned"):
		return alloc.TooLarge
	case strings.HasPrefix(reason, "non-constant size"):
		return alloc.UnknownSize
	}
	return ""
}
