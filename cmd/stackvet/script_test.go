package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write what the scripts' comparisons see into the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"stackvet": main})
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
			tool, err := exec.LookPath("stackvet") // testscript.Main has put it there
			e.Setenv("STACKVET", tool)
			e.Setenv("STACKWARD_CACHE", filepath.Join(e.WorkDir, ".stackward"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// edit FILE OLD NEW replaces the first OLD.
			"edit": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) != 3 {
					ts.Fatalf("usage: edit file old new")
				}
				edit(ts, args[0], args[1], args[2])
			},
		},
	})
}

func edit(ts *testscript.TestScript, name, old, text string) {
	before, after, ok := strings.Cut(ts.ReadFile(name), old)
	if !ok {
		ts.Fatalf("%s has no %q", name, old)
	}
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(before+text+after), 0o666))
}
