package memprof

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/google/pprof/profile"
)

// frameLine is a frame in a heap profile's text form, which ?debug=1 asks for:
// address, function and offset, file and line (runtime/pprof/pprof.go, go1.26).
var frameLine = regexp.MustCompile(`^#\s+0x([0-9a-f]+)\s+(.+)\+0x([0-9a-f]+)\s+(.+):([0-9]+)$`)

// symbolizeText gives the samples of a text profile the names that stand in
// comments below each of them. The parser of package profile reads the
// addresses only.
func symbolizeText(p *profile.Profile, text string) {
	functions := make(map[string]*profile.Function)
	n := -1 // the sample
	var pending []textFrame
	flush := func() {
		if n >= 0 && n < len(p.Sample) && len(pending) > 0 {
			p.Sample[n].Location = locations(p, functions, pending)
		}
		pending = nil
	}
	_, text, _ = strings.Cut(text, "\n") // the header
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if m := frameLine.FindStringSubmatch(line); m != nil {
			pc, err1 := strconv.ParseUint(m[1], 16, 64)
			offset, err2 := strconv.ParseUint(m[3], 16, 64)
			at, err3 := strconv.Atoi(m[5])
			if err1 == nil && err2 == nil && err3 == nil {
				pending = append(pending, textFrame{m[2], m[4], at, pc - offset})
			}
			continue
		}
		if strings.Contains(line, "] @") && !strings.HasPrefix(line, "#") {
			flush()
			n++
		}
	}
	flush()
}

type textFrame struct {
	fn, file string
	line     int
	entry    uint64 // address of the physical function
}

// locations makes a stack of frames. A frame that begins at the address of the
// next one, which has another name, was inlined into it.
func locations(p *profile.Profile, functions map[string]*profile.Function, frames []textFrame) []*profile.Location {
	var out []*profile.Location
	for i, f := range frames {
		fn := functions[f.fn+"\x00"+f.file]
		if fn == nil {
			fn = &profile.Function{ID: uint64(len(p.Function) + 1), Name: f.fn, SystemName: f.fn, Filename: f.file}
			functions[f.fn+"\x00"+f.file] = fn
			p.Function = append(p.Function, fn)
		}
		line := profile.Line{Function: fn, Line: int64(f.line)}
		if i > 0 && frames[i-1].entry == f.entry && frames[i-1].fn != f.fn {
			last := out[len(out)-1]
			last.Line = append(last.Line, line)
			continue
		}
		out = append(out, &profile.Location{ID: uint64(len(p.Location) + 1), Line: []profile.Line{line}})
		p.Location = append(p.Location, out[len(out)-1])
	}
	return out
}
