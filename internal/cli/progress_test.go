package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	var screen bytes.Buffer
	var elapsed time.Duration
	width := 80
	p := &progress{w: &screen, width: func() int { return width }, since: func() time.Duration { return elapsed }}
	drawn := func() string {
		screen.Reset()
		p.draw()
		return screen.String()
	}
	const long = "example.com/a/module/with/a/long/path/to/one/of/its/packages"
	p.report("compiling", 0, 0, "")
	if got := drawn(); got != "" {
		t.Errorf("drawn at once: %q", got)
	}
	elapsed = 300 * time.Millisecond
	for _, test := range []struct {
		after       time.Duration
		step        string
		done, total int
		what        string
		width       int
		want        string
	}{
		{0, "compiling", 0, 0, "", 80, "compiling 0s"},
		{0, "compiling", 0, 180, "", 80, "compiling [....................] 0/180 0s"},
		{0, "compiling", 45, 180, "net/http", 80, "compiling [#####...............] 45/180 0s net/http"},
		{61 * time.Second, "compiling", 180, 180, long, 200, "compiling [####################] 180/180 1m1s " + long},
		{0, "compiling", 180, 180, long, 80, ("compiling [####################] 180/180 1m1s " + long)[:79]},
		{0, "compiling fixes", 0, 40, "p", 80, "compiling fixes [....................] 0/40 1m1s p"},
		{6 * time.Second, "compiling fixes", 10, 40, "p", 80, "compiling fixes [#####...............] 10/40 1m7s, some 18s left p"},
		{0, "recording", 0, 0, "p", 80, "recording 1m7s p"},
		{time.Second, "recording", 0, 0, "p", 80, "recording 1m8s p"}, // nothing but time went by
	} {
		elapsed += test.after
		width = test.width
		p.report(test.step, test.done, test.total, test.what)
		if got, want := drawn(), "\r"+test.want+"\x1b[K"; got != want {
			t.Errorf("drawn %q\nwant  %q", got, want)
		}
	}

	// What a program prints takes the place of the line, until the next step.
	screen.Reset()
	io.WriteString(p.through(&screen), "hello\n")
	if got, want := screen.String(), "\r\x1b[Khello\n"; got != want {
		t.Errorf("written %q, want %q", got, want)
	}
	p.report("recording", 0, 0, "p")
	if got := drawn(); got != "" {
		t.Errorf("drawn while a program writes: %q", got)
	}
	p.report("reading what was recorded", 0, 0, "p")
	if got := drawn(); !strings.Contains(got, "reading") {
		t.Errorf("not drawn: %q", got)
	}
	screen.Reset()
	p.clear()
	if got := screen.String(); got != "\r\x1b[K" {
		t.Errorf("cleared with %q", got)
	}
}

// TestProgressPiped holds that nothing is shown where there is no terminal.
func TestProgressPiped(t *testing.T) {
	t.Parallel()
	var pipe bytes.Buffer
	p := newProgress(&env{stderr: &pipe})
	p.report("compiling", 1, 2, "p")
	if w := p.through(&pipe); w != io.Writer(&pipe) {
		t.Errorf("a writer in between: %T", w)
	}
	time.Sleep(wait + 2*redraw)
	p.clear()
	if pipe.Len() > 0 {
		t.Errorf("shown: %q", pipe.String())
	}
}
