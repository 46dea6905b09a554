package gocmd

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestExec(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"go_js_wasm_exec", "go_" + runtime.GOOS + "_" + runtime.GOARCH + "_exec"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if runtime.GOOS != "windows" { // where PATH wants a known suffix
		t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	for _, test := range []struct {
		env   []string
		flags []string
		want  string
	}{
		{nil, nil, ""},
		{[]string{"GOFLAGS=-exec=nice"}, nil, "nice"},
		{[]string{"GOFLAGS='-exec=nice -n 5' -v"}, nil, "nice -n 5"},
		{[]string{`GOFLAGS='--exec="a b" c'`}, nil, `"a b" c`},
		{[]string{"GOFLAGS=-exec=nice"}, []string{"-exec=time"}, "time"},
		{[]string{"GOFLAGS=-exec=nice"}, []string{"-exec="}, ""},
		{[]string{"GOOS=js", "GOARCH=wasm"}, nil, "go_js_wasm_exec"},
		{[]string{"GOOS=js", "GOARCH=wasm", "GOFLAGS=-exec=nice"}, nil, "nice"},
		{[]string{"GOOS=js", "GOARCH=wasm"}, []string{"-exec="}, ""},
		{[]string{"GOOS=plan9", "GOARCH=386"}, nil, ""},
	} {
		if runtime.GOOS == "windows" && test.want == "go_js_wasm_exec" {
			continue
		}
		c := module(t, "", test.env...)
		c.BuildFlags = test.flags
		if got, err := c.Exec(t.Context()); got != test.want || err != nil {
			t.Errorf("%q %q: %q, %v, want %q", test.env, test.flags, got, err, test.want)
		}
	}
	c := module(t, "", "GOFLAGS='-exec=nice")
	if got, err := c.Exec(t.Context()); err == nil {
		t.Errorf("a quote without an end: %q", got)
	}
}
