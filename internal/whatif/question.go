package whatif

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/internal/near"
)

// A Question is what would be other than it was: what it does not name is as recorded.
type Question struct {
	Text        string
	GOGC        *int   // percent, -1 off
	MemoryLimit *int64 // bytes, math.MaxInt64 none
	Procs       int    // 0 as recorded
	Changes     []ObjectChange
}

// An ObjectChange is what would be other about some objects.
type ObjectChange struct {
	What ObjectFate
	Of   string // FILE:LINE of a site, or a type's name: pkg.Type
	By   int64  // bytes, of Smaller
}

// An ObjectFate is what becomes of objects.
type ObjectFate string

// The fates.
const (
	OnStack  ObjectFate = "stack"    // they are not allocated
	OffHeap  ObjectFate = "offheap"  // they are in memory of their own
	Smaller  ObjectFate = "smaller"  // each has fewer bytes
	Presized ObjectFate = "presized" // slices that grow have their last size from the first on
)

// A QuestionError is what is wrong with a question.
type QuestionError struct {
	Msg  string // of which part
	Hint string // what may have been meant, "" not known
}

func (e *QuestionError) Error() string { return e.Msg }

// names are what a part of a question may begin with.
var names = []string{"GOGC", "GOMEMLIMIT", "GOMAXPROCS", string(OnStack), string(OffHeap), string(Smaller), string(Presized)}

// ParseQuestion reads a question: what is other, with commas between, such as
// "GOGC=off,GOMEMLIMIT=1GiB" or "stack=parse.go:88". A comma within brackets is of a type's
// name, as in "offheap=m.pair[int,string]". GOGC is 100 unless it says. The error is a
// *QuestionError.
func ParseQuestion(text string) (*Question, error) {
	gogc := 100
	q := &Question{Text: text, GOGC: &gogc}
	bad := func(format string, args ...any) error {
		msg := fmt.Sprintf(format, args...)
		if !strings.HasPrefix(msg, text+" ") || text == "" { // the part is not all of it
			msg = text + ": " + msg
		}
		return &QuestionError{Msg: msg}
	}
	settings := make(map[string]bool) // named so far
	for rest, more := text, true; more; {
		end, open := partEnd(rest)
		part := rest[:end]
		if more = end < len(rest); more {
			rest = rest[end+1:]
		}
		if open > 0 {
			return nil, bad("%s has a bracket that is not closed", part)
		} else if open < 0 {
			return nil, bad("%s has a bracket that is not opened", part)
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return nil, bad("%s says nothing of the form name=value", cmp.Or(part, `""`))
		}
		switch name {
		case "GOGC", "GOMEMLIMIT", "GOMAXPROCS":
			if settings[name] {
				return nil, bad("%s is named twice", name)
			}
			settings[name] = true
		}
		switch name {
		case "GOGC":
			n, err := strconv.Atoi(value)
			if value == "off" {
				n, err = -1, nil
			} else if err == nil && n < 0 {
				err = strconv.ErrRange
			}
			if err != nil {
				return nil, bad("GOGC=%s is no number of percents, nor off", value)
			}
			gogc = n
		case "GOMEMLIMIT":
			n, ok := byteCount(value)
			if value == "off" {
				n, ok = math.MaxInt64, true
			}
			if !ok || n == 0 {
				return nil, bad("GOMEMLIMIT=%s is no size as the runtime takes it, nor off: write a whole number of B, KiB, MiB, GiB or TiB", value)
			}
			q.MemoryLimit = &n
		case "GOMAXPROCS":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > 1024 {
				return nil, bad("GOMAXPROCS=%s is no number of processors", value)
			}
			q.Procs = n
		case "presized":
			if !strings.Contains(value, ".go:") {
				return nil, &QuestionError{text + ": a slice is named by where it grows", "name a site as FILE:LINE"}
			}
			fallthrough
		case "stack", "offheap":
			q.Changes = append(q.Changes, ObjectChange{What: ObjectFate(name), Of: value})
		case "smaller":
			i := strings.LastIndex(value, ":")
			n, err := strconv.ParseInt(value[i+1:], 10, 64)
			if i <= 0 || err != nil || n < 1 {
				return nil, bad("%s does not end with a number of bytes, as in smaller=pkg.Type:8", part)
			}
			q.Changes = append(q.Changes, ObjectChange{What: Smaller, Of: value[:i], By: n})
		default:
			err := &QuestionError{Msg: text + ": unknown: " + name}
			if best := near.Word(name, names, 2); best != "" {
				err.Hint = "did you mean " + best + "?"
			}
			return nil, err
		}
	}
	return q, nil
}

// partEnd is where a question's first part ends: at a comma outside of brackets, or at the
// end. open is how many brackets are not closed there, less than 0 how many not opened.
func partEnd(text string) (end, open int) {
	for i, c := range text {
		switch c {
		case '[', '(', '{':
			open++
		case ']', ')', '}':
			open--
		case ',':
			if open <= 0 {
				return i, open
			}
		}
	}
	return len(text), open
}

// byteCount reads a number of bytes as the runtime does (parseByteCount,
// runtime/string.go, go1.24 to go1.27).
func byteCount(s string) (n int64, ok bool) {
	shift := 0
	for i, unit := range [...]string{"KiB", "MiB", "GiB", "TiB"} {
		if num, is := strings.CutSuffix(s, unit); is {
			s, shift = num, 10*(i+1)
		}
	}
	if shift == 0 {
		s = strings.TrimSuffix(s, "B")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64>>shift {
		return 0, false
	}
	return n << shift, true
}
