package benchrun

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The recorder of package heapz and the one that is added to programs are one.
func TestAgent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "heapz", "recorder.go"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(text), agentRecorder); diff != "" {
		t.Errorf("patch/agent_recorder.go.txt is no copy of heapz/recorder.go:\n%s", diff)
	}
}

func TestParseCommand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args  string
		want  Program
		wrong string
	}{
		{args: "go test -bench X -benchtime 100x ./pkg", want: Program{Package: []string{"./pkg"}, Args: []string{"-test.bench=X", "-test.benchtime=100x"}}},
		{args: "go test", want: Program{Package: []string{"."}}},
		{args: "go test -race -tags=a -C dir -v -run=T . -short -args -bench x", want: Program{
			Flags: []string{"-race", "-tags=a"}, Dir: "dir", Package: []string{"."}, Args: []string{"-test.v", "-test.run=T", "-test.short", "-bench", "x"}}},
		{args: "go test -vet=off -update ./a -test.count 2", want: Program{Package: []string{"./a"}, Args: []string{"-update", "-test.count=2"}}},
		{args: "go test -trace t.out .", wrong: "go test -trace goes not with a recording"},
		{args: "go vet .", wrong: "go vet runs no program"},
		{args: "go run ./cmd -x", want: Program{Package: []string{"./cmd"}, Args: []string{"-x"}}},
	} {
		got, err := ParseCommand(strings.Fields(tt.args))
		if tt.wrong != "" {
			if err == nil || err.Error() != tt.wrong {
				t.Errorf("%s: %v, want %s", tt.args, err, tt.wrong)
			}
			continue
		}
		tt.want.Test = strings.HasPrefix(tt.args, "go test")
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tt.args, err, diff)
		}
	}
}

func TestTraceEnv(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ env, want string }{
		{"A=1", "A=1|X=1|GODEBUG=traceallocfree=1,gctrace=1"},
		{"GODEBUG=http2client=0", "GODEBUG=http2client=0|X=1|STACKWARD_GODEBUG=http2client=0|GODEBUG=http2client=0,traceallocfree=1,gctrace=1"},
		{"GODEBUG=gctrace=1", "GODEBUG=gctrace=1|X=1|STACKWARD_GODEBUG=gctrace=1|GODEBUG=gctrace=1,traceallocfree=1"},
	} {
		got := strings.Join(traceEnv(strings.Split(tt.env, "|"), []string{"X=1"}), "|")
		if got != tt.want {
			t.Errorf("%s becomes %s, want %s", tt.env, got, tt.want)
		}
	}
}

func TestAllowLinkname(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ flags, goflags, want string }{
		{"-tags=a", "", "-tags=a -ldflags=-checklinkname=0"},
		{"-ldflags=-s", "-ldflags=-w", "-ldflags=-w -checklinkname=0 -ldflags=-s -checklinkname=0"},
		{"", "-ldflags=-w", "-ldflags=-w -checklinkname=0"},
	} {
		got := strings.Join(allowLinkname(strings.Fields(tt.flags), tt.goflags), " ")
		if got != tt.want {
			t.Errorf("%s, GOFLAGS=%s: %s, want %s", tt.flags, tt.goflags, got, tt.want)
		}
	}
}

// However a program's output is cut into pieces, the collector's lines are found
// and the others are not held up.
func TestGCLog(t *testing.T) {
	t.Parallel()
	const text = "a\ngc 1 @0.1s 0%: 1\ngc is fine\ngc x\nb gc 2 @\ngc 2 @0.2s 0%: 2\nno end"
	for size := 1; size <= len(text); size++ {
		var out bytes.Buffer
		var lines []string
		l := &gcLog{w: &out, lines: &lines}
		for p := range slices.Chunk([]byte(text), size) {
			l.Write(p)
		}
		if size == 1 && !strings.HasSuffix(out.String(), "no end") {
			t.Error("a line without an end waits for it")
		}
		l.flush()
		if got := strings.Join(lines, "|"); got != "gc 1 @0.1s 0%: 1|gc 2 @0.2s 0%: 2" {
			t.Errorf("pieces of %d: lines %s", size, got)
		}
		if got := out.String(); got != "a\ngc is fine\ngc x\nb gc 2 @\nno end" {
			t.Errorf("pieces of %d: the rest %q", size, got)
		}
	}
}
