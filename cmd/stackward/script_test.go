package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/pprof/profile"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/stackward-go/stackward/internal/cli"
)

var update = flag.Bool("update", false, "write what the scripts' comparisons see into the scripts")

func TestMain(m *testing.M) {
	run := func() { os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
	testscript.Main(m, map[string]func(){
		"stackward": run,
		// As one whom files can refuse, even if root runs the tests.
		"unprivileged": func() {
			if err := dropPrivileges(); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(99)
			}
			run()
		},
	})
}

func TestScripts(t *testing.T) {
	// The scripts drive the go command with the caches of the machine.
	caches := make(map[string]string)
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOROOT"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		caches[name] = string(out[:len(out)-1])
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("GOCACHE", caches["GOCACHE"])
			e.Setenv("GOMODCACHE", caches["GOMODCACHE"])
			e.Setenv("GOFLAGS", "")
			e.Setenv("GOTOOLCHAIN", "local")
			e.Setenv("GOWORK", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "hotcall": hotcall},
	})
}

// exits runs a command and checks its exit status, which is part of the
// contract: exits N command args….
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		x, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("running %s: %v", args[1], err)
		}
		got = x.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s exits with %d, want %d", args[1], got, want)
	}
}

// hotcall writes a CPU profile by which nearly all time is spent in one call:
// hotcall file caller start line callee start, each start the line that the
// function begins at.
func hotcall(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 6 {
		ts.Fatalf("usage: hotcall file caller start line callee start")
	}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		ts.Check(err)
		return n
	}
	caller := &profile.Function{ID: 1, Name: args[1], SystemName: args[1], Filename: "hot.go", StartLine: number(args[2])}
	callee := &profile.Function{ID: 2, Name: args[4], SystemName: args[4], Filename: "hot.go", StartLine: number(args[5])}
	call := &profile.Location{ID: 1, Line: []profile.Line{{Function: caller, Line: number(args[3])}}}
	body := &profile.Location{ID: 2, Line: []profile.Line{{Function: callee, Line: callee.StartLine + 1}}}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	ts.Check((&profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:     10000000,
		Sample:     []*profile.Sample{{Location: []*profile.Location{body, call}, Value: []int64{1000, 10000000000}}},
		Location:   []*profile.Location{call, body},
		Function:   []*profile.Function{caller, callee},
	}).Write(f))
}
