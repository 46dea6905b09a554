package cli

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what help prints into testdata/help")

// TestHelp compares what "stackward help X" prints with a golden, which -update
// writes, and holds the form of all help.
func TestHelp(t *testing.T) {
	pages := [][]string{{"help"}, {"help", "causes"}, {"help", "kinds"}}
	for _, c := range allCommands() {
		pages = append(pages, append([]string{"help"}, strings.Fields(c.name)...))
	}
	for _, args := range pages {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			got, stderr := main(t, exitDone, args...)
			if stderr != "" {
				t.Errorf("stderr: %s", stderr)
			}
			golden := filepath.Join("testdata", "help", strings.Join(args[1:], "_")+".txt")
			if len(args) == 1 {
				golden = filepath.Join("testdata", "help", "usage.txt")
			}
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; go test ./internal/cli -update writes it):\n%s", golden, diff)
			}
			if len(args) == 2 && (args[1] == "causes" || args[1] == "kinds") {
				return
			}
			lines := strings.Split(strings.TrimRight(got, "\n"), "\n")
			if len(lines) > 25 {
				t.Errorf("%d lines of help, want at most 25", len(lines))
			}
			for _, line := range lines {
				if n := len([]rune(line)); n > 84 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			if last := lines[len(lines)-1]; !strings.HasPrefix(last, "example: stackward ") && !strings.HasPrefix(last, "         stackward ") {
				t.Errorf("the help does not end in an example but in %q", last)
			}
		})
	}
}

// TestHelpFlags holds that the help of a command names each of its flags, and
// no other.
func TestHelpFlags(t *testing.T) {
	mention := regexp.MustCompile(`(?:^|[\s(])-([A-Za-z]+(?:-[a-z]+)*)`)
	for _, c := range allCommands() {
		name := strings.Fields(c.name)
		fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
		c.define(fs)
		var named []string
		for line := range strings.Lines(c.help) {
			if !strings.HasPrefix(line, "example:") { // which may name flags of other commands
				for _, m := range mention.FindAllStringSubmatch(line, -1) {
					named = append(named, m[1])
				}
			}
		}
		fs.VisitAll(func(f *flag.Flag) {
			if !slices.Contains(named, f.Name) {
				t.Errorf("help %s does not name -%s", c.name, f.Name)
			}
		})
		for _, name := range named {
			if fs.Lookup(name) == nil {
				t.Errorf("help %s names -%s, which is no flag", c.name, name)
			}
		}
		if got, _ := main(t, exitDone, append(name, "-h")...); got != c.help {
			t.Errorf("%s -h prints\n%s", c.name, got)
		}
		_, stderr := main(t, exitUsage, append(name, "-nonsense")...)
		if want := "stackward: " + c.name + ": flag provided but not defined: -nonsense\nhint: flags are listed by: stackward help " + c.name + "\n"; stderr != want {
			t.Errorf("%s -nonsense: %s", c.name, stderr)
		}
	}
}

// allCommands are the commands and those below them.
func allCommands() []command {
	var all []command
	for _, c := range commands() {
		all = append(append(all, c), c.below...)
	}
	return all
}

// main runs a command line and returns what it printed.
func main(t *testing.T, status int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, problems bytes.Buffer
	if got := Main(t.Context(), args, strings.NewReader(""), &out, &problems); got != status {
		t.Errorf("stackward %s exits with %d, want %d\n%s", strings.Join(args, " "), got, status, problems.Bytes())
	}
	return out.String(), problems.String()
}
