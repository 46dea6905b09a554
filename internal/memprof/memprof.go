// Package memprof reads what programs write about themselves with package
// runtime/pprof: heap profiles, what was allocated by stack, and, to tell which
// functions are hot, CPU profiles.
//
//	file, URL or stdin → Open → Profile.Samples → alloc.Sample
//	                            Profile.Functions → where each began
//	default.pgo → Hot → heat by function
//
// A heap profile is sampled, and scaled by its writer; it is inexact in two
// ways that no reader can mend. Of objects under 16 bytes without pointers
// only those are seen that open a new block (runtime/malloc.go, go1.26). And
// the frames of the runtime that made the allocation are left out, so a sample
// has no Entry. It tells the size of the slot that an object took instead.
package memprof

import (
	"errors"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
)

// A Profile is a heap profile.
type Profile struct {
	Name string
	p    *profile.Profile

	objects, space, inuseObjects, inuseSpace int // indices of the values, -1 none
}

// An Error is a profile that cannot be used, with advice.
type Error struct {
	Msg, Hint string
	Err       error
}

// ErrEmpty says that a profile is one of a heap in which nothing was sampled yet.
var ErrEmpty = errors.New("it has no samples")

func (e *Error) Error() string {
	if e.Err != nil {
		return e.Msg + ": " + e.Err.Error()
	}
	return e.Msg
}

func (e *Error) Unwrap() error { return e.Err }

// ErrSame is the error of subtracting a profile from an equal one.
var ErrSame = errors.New("do not differ")

const hintWrite = "write one with go test -memprofile, or from net/http/pprof's /debug/pprof/allocs"

// Parse reads a profile from memory; name is for messages.
func Parse(data []byte, name string) (*Profile, error) {
	refuse := func(what string) error {
		return &Error{Msg: fmt.Sprintf("reading heap profile %s: %s", name, what), Hint: hintWrite}
	}
	data, err := unpack(data)
	if err != nil {
		return nil, &Error{Msg: "reading heap profile " + name, Hint: "it is cut off or damaged: fetch it again", Err: err}
	}
	if what := foreign(data); what != "" {
		return nil, refuse("it is " + what)
	}
	p, err := profile.ParseData(data)
	if err == nil {
		err = p.CheckValid()
	}
	if err != nil {
		return nil, &Error{Msg: "reading heap profile " + name, Hint: hintWrite, Err: cut(err)}
	}
	out := &Profile{Name: path.Base(name), p: p, objects: -1, space: -1, inuseObjects: -1, inuseSpace: -1}
	for i, t := range p.SampleType {
		switch t.Type {
		case "alloc_objects":
			out.objects = i
		case "alloc_space":
			out.space = i
		case "inuse_objects":
			out.inuseObjects = i
		case "inuse_space":
			out.inuseSpace = i
		case "objects":
			// A text profile in which nothing was freed.
			out.objects, out.inuseObjects = i, i
		case "space":
			out.space, out.inuseSpace = i, i
		}
	}
	if len(out.Indexes()) == 0 {
		return nil, refuse("it is " + kindOf(p) + ", not one of allocations")
	}
	if len(p.Sample) == 0 {
		return nil, &Error{Msg: "reading heap profile " + name, Hint: hintWrite, Err: ErrEmpty}
	}
	if text, ok := strings.CutPrefix(string(data), "heap profile: "); ok {
		symbolizeText(p, text)
	}
	if len(p.Function) == 0 {
		return nil, &Error{
			Msg:  fmt.Sprintf("reading heap profile %s: it has addresses, and no names of functions", name),
			Hint: "give it the names: go tool pprof -proto -output named.pb.gz BINARY " + name,
		}
	}
	return out, nil
}

// kindOf names a profile that is not of allocations.
func kindOf(p *profile.Profile) string {
	var types []string
	for _, t := range p.SampleType {
		types = append(types, t.Type)
	}
	has := func(t string) bool { return slices.Contains(types, t) }
	switch {
	case has("cpu"):
		return "a CPU profile"
	case has("contentions"):
		return "a block or mutex profile"
	case has("goroutine"), has("goroutines"):
		return "a goroutine profile"
	case has("threadcreate"):
		return "a profile of threads"
	case len(types) == 0:
		return "a profile without values"
	}
	return "a profile of " + strings.Join(types, ", ")
}

// Indexes are what the profile can be ranked by: "objects", "bytes", "inuse".
func (p *Profile) Indexes() []string {
	var out []string
	if p.objects >= 0 {
		out = append(out, "objects")
	}
	if p.space >= 0 {
		out = append(out, "bytes")
	}
	if p.inuseSpace >= 0 {
		out = append(out, "inuse")
	}
	return out
}

// Subtract removes what base counted: p becomes what came since.
func (p *Profile) Subtract(base *Profile) error {
	if !slices.Equal(p.Indexes(), base.Indexes()) {
		return &Error{
			Msg:  fmt.Sprintf("subtracting heap profile %s: it tells %s, %s tells %s", base.Name, strings.Join(base.Indexes(), ", "), p.Name, strings.Join(p.Indexes(), ", ")),
			Hint: "both must be heap profiles of the same program",
		}
	}
	negative := base.p.Copy()
	negative.Scale(-1)
	merged, err := profile.Merge([]*profile.Profile{p.p, negative})
	if err != nil {
		return &Error{Msg: "subtracting heap profile " + base.Name, Hint: "both must be heap profiles of the same program", Err: err}
	}
	if len(merged.Sample) == 0 {
		return &Error{Msg: fmt.Sprintf("heap profiles %s and %s", p.Name, base.Name), Err: ErrSame}
	}
	p.p = merged
	return nil
}

// A Function is one as it was when the profile was taken.
type Function struct {
	Name string // full; those of the program's main package begin with "main."
	File string // as the compiler was told
	Line int    // that it began at, 0 unknown
}

// Functions are the functions of the profile.
func (p *Profile) Functions() []Function {
	out := make([]Function, 0, len(p.p.Function))
	for _, f := range p.p.Function {
		out = append(out, Function{funcName(f.Name), slashed(f.Filename), int(f.StartLine)})
	}
	return out
}

// Samples returns what was allocated, by stack and size.
func (p *Profile) Samples() []alloc.Sample {
	out := make([]alloc.Sample, 0, len(p.p.Sample))
	value := func(s *profile.Sample, i int) float64 {
		if i < 0 || i >= len(s.Value) {
			return 0
		}
		return float64(s.Value[i])
	}
	for _, s := range p.p.Sample {
		sample := alloc.Sample{
			Allocs: value(s, p.objects), Bytes: value(s, p.space),
			InUseObjects: value(s, p.inuseObjects), InUseBytes: value(s, p.inuseSpace),
		}
		if sample.Allocs == 0 && sample.Bytes == 0 && sample.InUseObjects == 0 && sample.InUseBytes == 0 {
			continue
		}
		sample.Slot = slot(s, sample)
		for _, loc := range s.Location {
			for i, line := range loc.Line {
				if line.Function == nil {
					continue
				}
				sample.Frames = append(sample.Frames, alloc.Frame{
					Func: funcName(line.Function.Name), File: slashed(line.Function.Filename),
					Line: int(line.Line), Inlined: i+1 < len(loc.Line),
				})
			}
		}
		out = append(out, sample)
	}
	return out
}

// slot is the size of one object: what package runtime/pprof writes as a label,
// or else what the values make it, rounded to a whole number where that is
// close, since scaled counts are rounded.
func slot(s *profile.Sample, sample alloc.Sample) int64 {
	if v := s.NumLabel["bytes"]; len(v) == 1 && v[0] > 0 {
		return v[0]
	}
	n, bytes := sample.Allocs, sample.Bytes
	if n == 0 || bytes == 0 {
		n, bytes = sample.InUseObjects, sample.InUseBytes
	}
	size := bytes / n
	if n == 0 || size < 1 || math.IsInf(size, 0) {
		return 0
	}
	if r := math.Round(size); math.Abs(size-r) < size/(2*math.Abs(n)) {
		return int64(r)
	}
	return 0
}

// funcName is a function's name as stackward writes it.
func funcName(name string) string {
	return alloc.FoldFunc(strings.ReplaceAll(name, "%2e", "."))
}

// slashed is a file's name with slashes, of whatever system it is.
func slashed(file string) string {
	if len(file) > 2 && file[1] == ':' && file[2] == '\\' {
		return strings.ReplaceAll(file, `\`, "/")
	}
	return file
}

// cut says in plain words that the data ends too early.
func cut(err error) error {
	if s := err.Error(); strings.Contains(s, "unexpected EOF") || strings.Contains(s, "not enough data") || strings.Contains(s, "truncated") {
		return errors.New("it is cut off (" + strings.TrimPrefix(s, "parsing profile: ") + ")")
	}
	return err
}
