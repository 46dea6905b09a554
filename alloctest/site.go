package alloctest

import (
	"cmp"
	"path"
	"runtime"
	"slices"
	"strings"
)

// A site is a place at which f, or a goroutine of f's, makes objects.
type site struct {
	// frames are the calls outside of the runtime that lead to it, the
	// innermost first, up to f.
	frames []runtime.Frame
	entry  string // the runtime function that was called there
	size   uint64 // bytes that each object takes
	allocs uint64
	// atLeast reports that there may be more: objects that share blocks.
	atLeast bool
	phases  [tiny]uint64 // records, by the phase that they were seen in
	other   bool         // seen in another goroutine, which is there only while f runs
}

// sitesOf returns the sites of f in a profile of runs runs and one more to warm
// up, in the order of their places. A record that is not below
// f's call is f's if others has its goroutine's function.
func sitesOf(p profile, others map[string]bool, runs int) []site {
	var sites []site
	for key, n := range p {
		size, frames := decode(key)
		s := site{size: size, allocs: n, other: true}
		warm, phase, end := false, -1, len(frames)
		for i, f := range frames {
			switch f.Function {
			case counter:
				end, s.other = i, false
			case phaser:
				phase++
			case warmer, judging:
				warm = s.other
			}
		}
		if warm || s.other && !others[root(frames)] {
			continue
		}
		if frames = frames[:end]; phase >= 0 {
			s.phases[phase] = n
		}
		if s.other {
			// Its goroutine ran for the warm-up too, which no stack tells.
			s.allocs = n * uint64(runs) / uint64(runs+1)
		}
		for len(frames) > 0 && isRuntime(frames[0]) {
			s.entry, frames = frames[0].Function, frames[1:]
		}
		for len(frames) > 0 && isRuntime(frames[len(frames)-1]) { // runtime.goexit
			frames = frames[:len(frames)-1]
		}
		s.frames = frames
		sites = add(sites, s)
	}
	slices.SortFunc(sites, func(a, b site) int {
		return cmp.Or(cmp.Compare(a.place(), b.place()), cmp.Compare(a.size, b.size))
	})
	return sites
}

// add adds a site, or its objects to the same site reached by other calls.
func add(sites []site, s site) []site {
	for i, t := range sites {
		if s.place() == t.place() && s.entry == t.entry && s.size == t.size && s.other == t.other {
			sites[i].allocs += s.allocs
			for p, n := range s.phases {
				sites[i].phases[p] += n
			}
			if len(s.frames) < len(t.frames) {
				sites[i].frames = s.frames
			}
			return sites
		}
	}
	return append(sites, s)
}

// place names the line, by file and function.
func (s site) place() string {
	if len(s.frames) == 0 {
		return ""
	}
	return where(s.frames[0]) + ": " + shortName(s.frames[0].Function)
}

// isRuntime reports whether a function allocates on behalf of its caller: by its
// package, or by its file where the runtime lends it to another package
// (reflect.unsafe_New).
func isRuntime(f runtime.Frame) bool {
	dir := path.Dir(f.File)
	return strings.HasPrefix(f.Function, "runtime.") || strings.HasPrefix(f.Function, "internal/runtime/") ||
		strings.HasPrefix(f.Function, "internal/bytealg.MakeNoZero") ||
		strings.HasSuffix(dir, "/src/runtime") || dir == "runtime"
}

// makes says what the runtime function entry makes.
func makes(entry string) string {
	pkg, name := splitName(entry)
	switch {
	case pkg == "internal/runtime/maps" || strings.HasPrefix(name, "mapassign") || strings.HasPrefix(name, "makemap"):
		return "map"
	case strings.HasPrefix(name, "makeslice"), name == "newarray":
		return "slice"
	case strings.HasPrefix(name, "growslice"), name == "MakeNoZero":
		return "growing slice"
	case strings.HasPrefix(name, "makechan"):
		return "channel"
	case strings.HasPrefix(name, "convT"):
		return "value in an interface"
	case strings.HasPrefix(name, "concatstring"):
		return "concatenated string"
	case strings.HasPrefix(name, "concatbyte"):
		return "concatenated bytes"
	case name == "slicebytetostring", name == "slicerunetostring", name == "intstring":
		return "converted string"
	case name == "stringtoslicebyte":
		return "converted []byte"
	case name == "stringtoslicerune":
		return "converted []rune"
	case name == "newproc":
		return "goroutine"
	case name == "newobject", strings.HasSuffix(name, "unsafe_New"):
		return "new object"
	case entry == "":
		return "object"
	}
	return "object made in " + entry
}

// splitName splits a function's full name into its package's path and the rest.
func splitName(full string) (pkg, name string) {
	slash := strings.LastIndexByte(full[:cmp.Or(strings.IndexByte(full, '[')+1, len(full))], '/') + 1
	dot := strings.IndexByte(full[slash:], '.')
	if dot < 0 {
		return "", full
	}
	return strings.ReplaceAll(full[:slash+dot], "%2e", "."), full[slash+dot+1:]
}

// shortName is a function's name with the last element of its package's path.
func shortName(full string) string {
	pkg, name := splitName(full)
	return path.Base(pkg) + "." + name
}
