package memprof

import (
	"fmt"
	"os"
	"strings"

	"github.com/google/pprof/profile"
)

// A Heat is the part of a CPU profile that a function has, 0 to 1.
type Heat struct {
	// Self is what was spent in the function itself, with what the runtime
	// does for it: an allocation is the work of who allocates.
	Self float64
	// Total is Self and what its callees spent.
	Total float64
}

// Hot reads a CPU profile, such as the default.pgo of a main package, and
// returns the heat of its functions by their full names. mainPath is the import
// path of the program, whose functions a profile calls main.F; "" leaves them
// so. A function that was inlined has its own heat.
//
// A profile without samples has no hot functions, as for the compiler
// (cmd/internal/pgo, go1.26).
func Hot(file, mainPath string) (map[string]Heat, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading CPU profile: %w", err)
	}
	return parseHot(data, file, mainPath)
}

func parseHot(data []byte, name, mainPath string) (map[string]Heat, error) {
	hot := make(map[string]Heat)
	if len(data) == 0 {
		return hot, nil
	}
	p, err := profile.ParseData(data)
	if err != nil {
		return nil, fmt.Errorf("reading CPU profile %s: %w", name, err)
	}
	index := -1
	var types []string
	for i, t := range p.SampleType {
		types = append(types, t.Type)
		if index < 0 && (t.Type == "samples" && t.Unit == "count" || t.Type == "cpu" && t.Unit == "nanoseconds") {
			index = i
		}
	}
	if index < 0 {
		return nil, fmt.Errorf("reading CPU profile %s: it counts %s, not CPU time", name, strings.Join(types, ", "))
	}
	all := 0.0
	for _, s := range p.Sample {
		weight := float64(s.Value[index])
		if weight <= 0 {
			continue
		}
		all += weight
		seen := make(map[string]bool)
		self := false
		for _, loc := range s.Location {
			for _, line := range loc.Line {
				if line.Function == nil {
					continue
				}
				fn := funcName(line.Function.Name)
				if rest, ok := strings.CutPrefix(fn, "main."); ok && mainPath != "" {
					fn = mainPath + "." + rest
				}
				h := hot[fn]
				if !seen[fn] {
					h.Total += weight
					seen[fn] = true
				}
				if !self && !isRuntime(fn) {
					h.Self += weight
					self = true
				}
				hot[fn] = h
			}
		}
	}
	for fn, h := range hot {
		hot[fn] = Heat{h.Self / all, h.Total / all}
	}
	return hot, nil
}

// isRuntime reports whether a function works on behalf of its caller.
func isRuntime(fn string) bool {
	return strings.HasPrefix(fn, "runtime.") || strings.HasPrefix(fn, "internal/runtime/") || strings.HasPrefix(fn, "runtime/internal/")
}
