package alloctest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A compiler says why lines of a package's source allocate, by compiling the
// package once more: the build cache answers what it was asked before.
type compiler struct {
	command string
	flags   []string
	missing string // why it cannot be asked, "" if it can
	said    map[string]answer
	until   time.Time
}

// An answer is what the compiler says of a package, or why it says nothing.
type answer struct {
	lines   map[string][]string // by FILE:LINE, the file without its folders
	tests   bool
	missing string
}

const patience = time.Minute // for all packages of one report

func newCompiler() *compiler {
	c := &compiler{said: make(map[string]answer), until: time.Now().Add(patience)}
	built := buildFlags()
	if flags := built["-gcflags"]; flags != "" {
		c.missing = "this program was built with -gcflags=" + flags
		return c
	}
	if tags := built["-tags"]; tags != "" {
		c.flags = append(c.flags, "-tags="+tags)
	}
	var err error
	if c.command, err = exec.LookPath("go"); err != nil {
		c.missing = "there is no go command here"
		return c
	}
	out, said, err := c.run("env", "GOVERSION")
	if err != nil {
		c.missing = "go env: " + reason(err, said)
	} else if v := strings.TrimSpace(string(out)); v != runtime.Version() {
		c.missing = fmt.Sprintf("this program was built by %s, the go command here is of %s", runtime.Version(), v)
	}
	return c
}

// of returns what the compiler says of the innermost line of frames, in its own
// words, as far as it is of what the runtime function entry makes; or why that is
// not known. What says itself why it is made, such as a growing slice, may have
// no words.
func (c *compiler) of(frames []runtime.Frame, entry string) []string {
	about, needed := subject(entry)
	if !needed && about == nil {
		return nil
	}
	if c.missing != "" {
		return []string{"cause not known: " + c.missing}
	}
	// The compiler names the line of an inlined body where the function it was
	// inlined into has it: at that body, or at the call.
	physical := 0
	for physical < len(frames)-1 && frames[physical].Func == nil {
		physical++
	}
	pkg, _ := splitName(frames[physical].Function)
	said := c.ask(pkg, strings.HasSuffix(frames[physical].File, "_test.go"))
	for _, f := range frames[:physical+1] {
		var fit []string
		for _, said := range said.lines[filepath.Base(f.File)+":"+strconv.Itoa(f.Line)] {
			if about(said) {
				fit = append(fit, said)
			}
		}
		if fit != nil {
			return fit
		}
	}
	switch {
	case said.missing != "":
		return []string{"cause not known: " + said.missing}
	case needed:
		return []string{"cause not known: the compiler says nothing of this line"}
	}
	return nil
}

// subject returns which statements of the compiler can be about what the runtime
// function entry makes, and whether there must be one to know the cause.
func subject(entry string) (about func(said string) bool, needed bool) {
	begins := func(words ...string) func(string) bool {
		return func(said string) bool {
			return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(said, w) })
		}
	}
	moved := begins("moved to heap: ")
	switch makes(entry) {
	case "object":
		return func(string) bool { return true }, true
	case "new object":
		other := begins("make(", "append", "string(", "([]byte)(", "([]rune)(")
		return func(said string) bool { return !other(said) }, true
	case "value in an interface":
		pointer := begins("&", "new(", "make(", "func literal")
		return func(said string) bool { return !moved(said) && !pointer(said) }, true
	case "slice":
		return begins("make(", "[]", "... argument"), true
	case "channel":
		return begins("make("), true
	case "map":
		return begins("make(", "map["), false
	case "growing slice":
		return begins("append"), false
	case "converted string":
		return begins("string("), false
	case "converted []byte":
		return begins("([]byte)("), false
	case "converted []rune":
		return begins("([]rune)("), false
	case "concatenated string":
		return func(said string) bool { return !moved(said) && strings.Contains(said, " + ") }, false
	}
	return nil, false
}

// ask returns what the compiler says of a package, with its tests if test is set.
func (c *compiler) ask(pkg string, test bool) answer {
	if a, ok := c.said[pkg]; ok && (!test || a.tests) {
		return a
	}
	args := append([]string{"list", "-export", "-gcflags=-m=2", "-f", "{{.ImportPath}}"}, c.flags...)
	if test {
		args = append(args, "-test")
		pkg = strings.TrimSuffix(pkg, "_test") // tests outside of their package
	}
	_, said, err := c.run(append(args, pkg)...)
	a := answer{tests: test}
	if err != nil {
		a.missing = "go list: " + reason(err, said)
	} else {
		a.lines = parseReasons(said)
	}
	c.said[pkg] = a
	return a
}

// run runs the go command and returns what it printed and what it said.
func (c *compiler) run(args ...string) (stdout, stderr []byte, err error) {
	ctx, cancel := context.WithDeadline(context.Background(), c.until)
	defer cancel()
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, c.command, args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %v", patience)
	}
	return out.Bytes(), said.Bytes(), err
}

// reason is an error of the go command in one line.
func reason(err error, said []byte) string {
	for line := range strings.Lines(string(said)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			return line
		}
	}
	return err.Error()
}

// parseReasons reads the compiler's -m=2 text: for each line of source, named
// FILE:LINE without folders, what it puts on the heap there and the end of the
// way by which that escapes.
//
//	./p.go:9:2: u escapes to heap in NewUser:
//	./p.go:9:2:   flow: ~r0 ← &u:
//	./p.go:9:2:     from &u (address-of) at ./p.go:10:9
//	./p.go:9:2:     from return &u (return) at ./p.go:10:2
//	./p.go:9:2: moved to heap: u
func parseReasons(text []byte) map[string][]string {
	type place struct{ line, col string }
	var order []place
	words, from := make(map[place][]string), make(map[place]string)
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		file, rest, ok := cutPosition(lines.Text())
		if !ok {
			continue
		}
		line, rest, ok1 := strings.Cut(rest, ":")
		col, said, ok2 := strings.Cut(rest, ": ")
		if !ok1 || !ok2 {
			continue
		}
		at := place{filepath.Base(file) + ":" + line, col}
		switch {
		case strings.HasPrefix(said, "    from "):
			from[at] = strings.TrimSpace(said)
		case strings.HasPrefix(said, "moved to heap: "), strings.HasSuffix(said, " escapes to heap"):
			if !slices.Contains(words[at], said) {
				words[at] = append(words[at], said)
				order = append(order, at)
			}
		}
	}
	reasons := make(map[string][]string)
	for _, at := range order {
		for _, w := range words[at] {
			if f := from[at]; f != "" {
				f, pos, _ := strings.Cut(f, " at ")
				w += ", " + f
				if file, rest, ok := cutPosition(pos); ok {
					w += " at " + filepath.Base(file) + ":" + rest
				}
			}
			if !slices.Contains(reasons[at.line], w) {
				reasons[at.line] = append(reasons[at.line], w)
			}
		}
	}
	return reasons
}

// cutPosition cuts "FILE.go:rest", where the file may have colons of its own.
func cutPosition(s string) (file, rest string, ok bool) {
	i := strings.Index(s, ".go:")
	if i < 0 {
		return "", "", false
	}
	return s[:i+3], s[i+4:], true
}
