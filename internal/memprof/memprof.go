// Package memprof reads heap profiles: what a program allocated, by stack, as
// package runtime/pprof samples it.
//
//	file, URL or stdin → Open → Profile.Samples → alloc.Sample
//
// A heap profile is sampled, and scaled by its writer; it is inexact in two
// ways that no reader can mend. Of objects under 16 bytes without pointers
// only those are seen that open a new block (runtime/malloc.go, go1.26). And
// the frames of the runtime that made the allocation are left out, so a sample
// has no Entry.
package memprof

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/stackward-go/stackward/alloc"
)

// A Profile is a heap profile.
type Profile struct {
	Name string
	p    *profile.Profile

	objects, space, inuseObjects, inuseSpace int // indices of the values, -1 none
}

// limit bounds what is read of a profile.
const limit = 1 << 30

// Open reads a heap or allocs profile from a file, from an http or https URL
// of a running program's net/http/pprof, or from stdin for "-".
func Open(ctx context.Context, name string, stdin io.Reader) (*Profile, error) {
	var r io.ReadCloser
	switch {
	case name == "-":
		r = io.NopCloser(stdin)
	case strings.HasPrefix(name, "http://"), strings.HasPrefix(name, "https://"):
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
		if err != nil {
			return nil, fmt.Errorf("reading heap profile %s: %w", name, err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, fmt.Errorf("reading heap profile: %w", err)
		}
		if res.StatusCode != http.StatusOK {
			res.Body.Close()
			return nil, fmt.Errorf("reading heap profile %s: the server answers %s", name, res.Status)
		}
		r = res.Body
	default:
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading heap profile: %w", err)
		}
		r = f
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit))
	if err != nil {
		return nil, fmt.Errorf("reading heap profile %s: %w", name, err)
	}
	return Parse(data, name)
}

// Parse reads a profile from memory; name is for messages.
func Parse(data []byte, name string) (*Profile, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("reading heap profile %s: it is empty", name)
	}
	p, err := profile.ParseData(data)
	if err != nil {
		return nil, fmt.Errorf("reading heap profile %s: %w", name, err)
	}
	if err := p.CheckValid(); err != nil {
		return nil, fmt.Errorf("reading heap profile %s: %w", name, err)
	}
	out := &Profile{Name: filepath.Base(name), p: p, objects: -1, space: -1, inuseObjects: -1, inuseSpace: -1}
	var types []string
	for i, t := range p.SampleType {
		types = append(types, t.Type)
		switch t.Type {
		case "alloc_objects":
			out.objects = i
		case "alloc_space":
			out.space = i
		case "inuse_objects":
			out.inuseObjects = i
		case "inuse_space":
			out.inuseSpace = i
		}
	}
	if out.objects < 0 || out.space < 0 {
		return nil, fmt.Errorf("reading heap profile %s: it counts %s, not allocations", name, strings.Join(types, ", "))
	}
	if len(p.Sample) == 0 {
		return nil, fmt.Errorf("reading heap profile %s: it has no samples", name)
	}
	return out, nil
}

// Subtract removes what base counted: p becomes what came since.
func (p *Profile) Subtract(base *Profile) error {
	base.p.Scale(-1)
	merged, err := profile.Merge([]*profile.Profile{p.p, base.p})
	if err != nil {
		return fmt.Errorf("subtracting heap profile %s: %w", base.Name, err)
	}
	p.p = merged
	return nil
}

// A Start is the line that a function began at when the profile was taken.
type Start struct {
	Func string
	Line int
}

// Starts are the functions of the profile, with the line that each began at;
// those whose line is not told are left out.
func (p *Profile) Starts() []Start {
	var out []Start
	for _, f := range p.p.Function {
		if f.StartLine > 0 {
			out = append(out, Start{funcName(f.Name), int(f.StartLine)})
		}
	}
	return out
}

// Samples returns what was allocated, by stack.
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
		if sample.Allocs == 0 && sample.Bytes == 0 && sample.InUseBytes == 0 {
			continue
		}
		for _, loc := range s.Location {
			for i, line := range loc.Line {
				if line.Function == nil {
					continue
				}
				sample.Frames = append(sample.Frames, alloc.Frame{
					Func: funcName(line.Function.Name),
					File: filepath.ToSlash(line.Function.Filename),
					Line: int(line.Line), Inlined: i+1 < len(loc.Line),
				})
			}
		}
		out = append(out, sample)
	}
	return out
}

// funcName is a function's name as stackward writes it.
func funcName(name string) string {
	return alloc.FoldFunc(strings.ReplaceAll(name, "%2e", "."))
}
