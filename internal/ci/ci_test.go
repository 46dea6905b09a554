package ci

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackward-go/stackward/alloc"
)

var update = flag.Bool("update", false, "write what the formats print into testdata")

var formats = []struct {
	name  string
	ext   string
	write func(io.Writer, *alloc.Report, func(string) string) error
}{
	{"github", ".txt", GitHub},
	{"markdown", ".md", Markdown},
	{"junit", ".xml", JUnit},
	{"checkstyle", ".xml", Checkstyle},
}

// below is a path function of a module that is not the root of its repository.
func below(file string) string {
	if file == "" || filepath.IsAbs(file) || strings.Contains(file, "C:/") {
		return file
	}
	return "mod/" + file
}

func read(t *testing.T, name string) *alloc.Report {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := alloc.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGolden compares what each format has of three reports with goldens.
func TestGolden(t *testing.T) {
	for _, report := range []string{"findings", "clean", "problems"} {
		for _, f := range formats {
			t.Run(report+"/"+f.name, func(t *testing.T) {
				var b bytes.Buffer
				if err := f.write(&b, read(t, report), below); err != nil {
					t.Fatal(err)
				}
				golden := filepath.Join("testdata", report+"-"+f.name+f.ext)
				if *update {
					if err := os.WriteFile(golden, b.Bytes(), 0o666); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), b.String()); diff != "" {
					t.Errorf("%s (-want +got; go test ./internal/ci -update writes it):\n%s", golden, diff)
				}
			})
		}
	}
}

// TestGitHubLines holds that a line is a command, whatever a message has, and
// that it reads back.
func TestGitHubLines(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	r := read(t, "findings")
	if err := GitHub(&b, r, below); err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`^::error ((?:[a-z]+=[^,:]*,?)+)::(.*)$`)
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(r.Findings) {
		t.Fatalf("%d lines of %d findings", len(lines), len(r.Findings))
	}
	back := strings.NewReplacer("%25", "%", "%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",")
	for i, line := range lines {
		m := command.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("no command: %q", line)
			continue
		}
		if got := back.Replace(m[2]); !strings.HasPrefix(got, r.Findings[i].Message) {
			t.Errorf("message %q, want %q", got, r.Findings[i].Message)
		}
		file := ""
		for p := range strings.SplitSeq(m[1], ",") {
			if v, ok := strings.CutPrefix(p, "file="); ok {
				file = back.Replace(v)
			}
		}
		if want := below(r.Findings[i].File); file != want {
			t.Errorf("file %q, want %q", file, want)
		}
	}
}

// TestXML holds that what is written as XML reads back, with the counts of what is
// in it.
func TestXML(t *testing.T) {
	t.Parallel()
	for report, want := range map[string]string{
		// The broken contract has its finding; the others are tests of their own.
		"findings": "9 tests, 6 failures, 0 errors; 6 errors of Checkstyle",
		"clean":    "1 tests, 0 failures, 0 errors; 0 errors of Checkstyle",
		"problems": "1 tests, 0 failures, 1 errors; 2 errors of Checkstyle",
	} {
		r := read(t, report)
		var b bytes.Buffer
		if err := JUnit(&b, r, below); err != nil {
			t.Fatal(err)
		}
		var all suites
		if err := xml.Unmarshal(b.Bytes(), &all); err != nil {
			t.Fatal(err)
		}
		tests, failures, broken := 0, 0, 0
		for _, s := range all.Suites {
			for _, c := range s.Cases {
				tests++
				if c.Failure != nil {
					failures++
				}
				if c.Error != nil {
					broken++
				}
			}
		}
		if tests != all.Tests || failures != all.Failures || broken != all.Errors {
			t.Errorf("%s: counts %d, %d, %d of %d, %d, %d", report, all.Tests, all.Failures, all.Errors, tests, failures, broken)
		}
		b.Reset()
		if err := Checkstyle(&b, r, below); err != nil {
			t.Fatal(err)
		}
		var style checkstyle
		if err := xml.Unmarshal(b.Bytes(), &style); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range style.Files {
			n += len(f.Errors)
		}
		if got := fmt.Sprintf("%d tests, %d failures, %d errors; %d errors of Checkstyle", tests, failures, broken, n); got != want {
			t.Errorf("%s: %s, want %s", report, got, want)
		}
	}
}

// TestMarkdownLong holds that a summary stays below what GitHub takes, and says
// what it leaves out.
func TestMarkdownLong(t *testing.T) {
	t.Parallel()
	r := &alloc.Report{}
	for range shown + 3 {
		r.Findings = append(r.Findings, &alloc.Finding{Rule: alloc.RuleNewSite, Message: "new"})
	}
	var b bytes.Buffer
	if err := Markdown(&b, r, below); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\n… and 3 more.\n") || strings.Count(b.String(), "\n| ") != shown+2 {
		t.Errorf("got\n%s", b.String())
	}
}

// TestWriteError holds that no format keeps an error of its writer to itself.
func TestWriteError(t *testing.T) {
	t.Parallel()
	full := errors.New("full")
	for _, f := range formats {
		if err := f.write(broken{full}, read(t, "findings"), below); !errors.Is(err, full) {
			t.Errorf("%s: error %v", f.name, err)
		}
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }
