package alloctest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	listed = 10 // sites in a report
	calls  = 4  // that lead to a site, at most
)

// report says what was measured where at most limit was wanted.
func (m measurement) report(limit float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "alloctest: %s/run, want %s (the least of %s of %d runs)",
		amount(m.perRun(), "alloc"), wanted(limit), amount(float64(m.rounds), "round"), m.runs)
	why := newCompiler()
	seen := uint64(0)
	var hint string
	for i, s := range m.sites {
		seen += s.allocs
		if i >= listed {
			continue
		}
		s.write(&b, m.runs, why)
		if at := s.explainable(); hint == "" && at != "" {
			hint = "\n\tthe whole story: stackward explain " + at
		}
	}
	if n := len(m.sites) - listed; n > 0 {
		fmt.Fprintf(&b, "\n\t… and %s", amount(float64(n), "smaller site"))
	}
	if m.allocs > seen {
		fmt.Fprintf(&b, "\n\tand %s/run of under %d B that the profile does not tell apart: at the sites of up to %d B", amount(float64(m.allocs-seen)/float64(m.runs), "alloc"), tiny, tiny)
	}
	return b.String() + hint
}

// write adds a site to a report.
func (s site) write(b *strings.Builder, runs int, why *compiler) {
	atMost := ""
	if s.size == tiny {
		atMost = "up to " // smaller objects share such a block
	}
	if len(s.frames) == 0 {
		fmt.Fprintf(b, "\n\tin the runtime: %s/run of %s%d B", amount(float64(s.allocs)/float64(runs), "alloc"), atMost, s.size)
		return
	}
	atLeast := ""
	if s.atLeast {
		atLeast = "at least "
	}
	fmt.Fprintf(b, "\n\t%s: %s%s/run of %s%d B: %s", s.place(), atLeast, amount(float64(s.allocs)/float64(runs), "alloc"), atMost, s.size, makes(s.entry))
	if s.other {
		b.WriteString(", in another goroutine, only while f ran")
	}
	for _, line := range why.of(s.frames, s.entry) {
		b.WriteString("\n\t\t" + line)
	}
	for i, f := range s.frames[1:] {
		if i == calls && len(s.frames)-1 > calls+1 {
			fmt.Fprintf(b, "\n\t\t… %d calls", len(s.frames)-2-calls)
			f = s.frames[len(s.frames)-1]
			fmt.Fprintf(b, "\n\t\tcalled at %s", where(f))
			break
		}
		fmt.Fprintf(b, "\n\t\tcalled at %s", where(f))
	}
}

// explainable is the innermost line outside of the standard library, which
// "stackward explain" tells the whole story of.
func (s site) explainable() string {
	for _, f := range s.frames {
		if pkg, _ := splitName(f.Function); isStd(f, pkg) {
			continue
		}
		return where(f)
	}
	return ""
}

// isStd reports whether a function is of the standard library: its package lies
// in a folder src of that name, in which no module is.
func isStd(f runtime.Frame, pkg string) bool {
	return f.File == pkg+"/"+filepath.Base(f.File) && !strings.Contains(strings.Split(pkg, "/")[0], ".") || // -trimpath
		strings.HasSuffix(filepath.ToSlash(filepath.Dir(f.File)), "/src/"+pkg)
}

// where is FILE:LINE: the file relative to the working directory where it is
// below that, and PACKAGE/FILE in the standard library.
func where(f runtime.Frame) string {
	file := f.File
	if pkg, _ := splitName(f.Function); isStd(f, pkg) {
		file = pkg + "/" + filepath.Base(file)
	} else if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			file = filepath.ToSlash(rel)
		}
	}
	return file + ":" + strconv.Itoa(f.Line)
}

func wanted(limit float64) string {
	if limit == 0 {
		return "0"
	}
	return "at most " + strconv.FormatFloat(limit, 'g', 4, 64)
}

// amount is a number of things: "1 alloc", "0.5 allocs".
func amount(n float64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.FormatFloat(n, 'g', 4, 64) + " " + thing + "s"
}

// buildFlags are the settings that the program was built with.
func buildFlags() map[string]string {
	flags := make(map[string]string)
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			flags[s.Key] = s.Value
		}
	}
	return flags
}
