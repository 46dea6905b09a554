package alloctest

import (
	"bufio"
	"bytes"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
)

// A profile counts objects by the stack that made them and their size: the key
// is the record's addresses in hexadecimal, apart by blanks, after its size.
type profile map[string]uint64

// published returns the heap profile of all that was allocated before: it is
// published by a collection (runtime/mprof.go, mProf_PostSweep, go1.26). It turns
// profiling off, which would record the reading.
//
// It is read in its text form, since runtime.MemProfile cuts stacks at 32
// frames. The form is the one that package runtime/pprof documents as legacy:
// "INUSE: BYTES [ALLOCS: BYTES] @ PC PC …", not scaled.
func published() profile {
	runtime.MemProfileRate = 0
	runtime.GC()
	var text bytes.Buffer
	if err := pprof.Lookup("allocs").WriteTo(&text, 1); err != nil {
		panic("alloctest: reading the heap profile: " + err.Error()) // a Buffer has no errors
	}
	return parseProfile(text.Bytes())
}

func parseProfile(text []byte) profile {
	p := make(profile)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		head, stack, ok := strings.Cut(lines.Text(), "] @ 0x")
		_, made, ok2 := strings.Cut(head, "[")
		allocs, size, ok3 := strings.Cut(made, ": ")
		if !ok || !ok2 || !ok3 {
			continue // a comment
		}
		n, err := strconv.ParseUint(allocs, 10, 64)
		b, err2 := strconv.ParseUint(size, 10, 64)
		if err != nil || err2 != nil || n == 0 {
			continue
		}
		p[strconv.FormatUint(b/n, 10)+" 0x"+stack] += n
	}
	return p
}

// since returns what p has more than old.
func (p profile) since(old profile) profile {
	d := make(profile)
	for key, n := range p {
		if n > old[key] {
			d[key] = n - old[key]
		}
	}
	return d
}

// onlyDuring returns the functions of goroutines that make objects in each window
// of during and in none of between: that are there only while f runs. It goes by
// the outermost function, not by the stack, since a stack that makes objects
// under 16 bytes may have no record in a window.
func onlyDuring(during, between []profile) map[string]bool {
	seen := make(map[string]int)
	for i := range during {
		for root := range during[i].roots() {
			seen[root]++
		}
	}
	only := make(map[string]bool)
	for root, n := range seen {
		only[root] = n == len(during)
	}
	for i := range between {
		for root := range between[i].roots() {
			delete(only, root)
		}
	}
	return only
}

// roots returns the outermost functions of a profile's stacks.
func (p profile) roots() map[string]bool {
	roots := make(map[string]bool)
	for key := range p {
		_, frames := decode(key)
		roots[root(frames)] = true
	}
	return roots
}

// root is the function that a go statement called, the outermost of frames; of a
// stack that is too deep for the profile, the outermost that it has.
func root(frames []runtime.Frame) string {
	for _, f := range slices.Backward(frames) {
		if f.Function != "runtime.goexit" {
			return f.Function
		}
	}
	return ""
}

// decode splits a key of a profile into the size of each object and the frames
// of its stack, innermost first.
func decode(key string) (size uint64, frames []runtime.Frame) {
	fields := strings.Fields(key)
	size, _ = strconv.ParseUint(fields[0], 10, 64) // written by parseProfile
	var pcs []uintptr
	for _, s := range fields[1:] {
		pc, err := strconv.ParseUint(s, 0, 64)
		if err != nil {
			return size, nil
		}
		pcs = append(pcs, uintptr(pc))
	}
	list := runtime.CallersFrames(pcs)
	for {
		f, more := list.Next()
		frames = append(frames, f)
		if !more {
			return size, frames
		}
	}
}
