package stackward_test

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the commands print into the documents")

// volatile is what differs between runs and machines: times, what the collector
// did, what a run allocates once (fractions per operation), and the width of
// columns. The documents are compared without it.
var volatile = regexp.MustCompile(`[0-9.]+ ns/op|(?m)^ *GC: .*\n|^.* smaller sites?\n|^ *(0|~0) +0\.0% +unexplained\n| +|\.[0-9]+`)

// TestDocs runs every "$ go …" block of the documents and compares what it
// prints, but for times: an indented block that begins with a command, up to
// the next line that is not indented.
func TestDocs(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, file := range append(files, "README.md") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		lines := strings.Split(string(text), "\n")
		for i := 0; i < len(lines); i++ {
			command, ok := strings.CutPrefix(lines[i], "    $ go ")
			out = append(out, lines[i])
			if !ok {
				continue
			}
			// Quotes are for the shell; no quoted word has a space.
			cmd := exec.Command("go", strings.Fields(strings.ReplaceAll(command, "'", ""))...)
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			got, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: go %s: %v\n%s", file, command, err, stderr.Bytes())
			}
			ran++
			for i+1 < len(lines) && (strings.HasPrefix(lines[i+1], "    ") || lines[i+1] == "" && i+2 < len(lines) && strings.HasPrefix(lines[i+2], "    ")) {
				i++
			}
			for line := range strings.Lines(string(got)) {
				if line = strings.TrimRight(line, "\n"); line != "" {
					line = "    " + line
				}
				out = append(out, line)
			}
		}
		want, got := string(text), strings.Join(out, "\n")
		if volatile.ReplaceAllString(want, "") == volatile.ReplaceAllString(got, "") {
			continue
		}
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s (-want +got; go test . -update writes it):\n%s", file, cmp.Diff(volatile.ReplaceAllString(want, ""), volatile.ReplaceAllString(got, "")))
	}
	if ran == 0 {
		t.Error("found no command to run")
	}
}
