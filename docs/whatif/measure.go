package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/docs/internal/modules"
	"github.com/stackward-go/stackward/internal/whatif"
)

const (
	recordedGOGC = "25"
	runsEach     = 3
)

// A program is one that was measured, with the questions about it.
type program struct {
	name     string
	recorded *alloc.WhatIf
	answers  []answer
	err      error
}

// An answer is what was said, and what was seen of runs that were not recorded.
type answer struct {
	*alloc.WhatIf
	real []seen
}

// A seen is one run as gctrace tells it: cycles, the largest heap in MiB, rounded
// down, and ms that the collector took of the processors.
type seen struct {
	cycles, peak int64
	cpu          float64
}

// A command is a program that can be recorded, and run.
type command struct {
	dir    string
	env    []string
	record []string // behind stackward heap record --
	build  []string // a go command that makes a binary; its name is still to come
	args   []string // of the binary
	in     string   // where the binary runs, below dir
}

// settings measures a program of a module with other settings of the runtime.
func settings(tmp, tool string, t modules.Target) *program {
	p := &program{name: t.String()}
	dir, env, err := t.Prepare(tmp)
	if err != nil {
		p.err = err
		return p
	}
	defer os.RemoveAll(filepath.Dir(dir))
	c := command{dir: dir, env: env}
	switch words := t.Packages; {
	case len(words) >= 2 && words[0] == "run":
		c.record = append([]string{"go", "run"}, words[1:]...)
		c.build = []string{"build", words[1]}
		c.args = words[2:]
	case len(words) == 4 && words[0] == "test":
		c.record = []string{"go", "test", "-run=^$", "-bench=" + words[2], "-benchtime=" + words[3], words[1]}
		c.build, c.in = []string{"test", "-c", words[1]}, words[1]
		c.args = []string{"-test.run=^$", "-test.bench=" + words[2], "-test.benchtime=" + words[3]}
		p.name = fmt.Sprintf("%s %s %s", strings.Join(t.Modules, " "), words[1], words[2])
	default:
		p.err = fmt.Errorf("%v: neither run PACKAGE nor test PACKAGE BENCHMARKS BENCHTIME", words)
		return p
	}
	p.err = c.measure(tmp, tool, p, func(recorded *alloc.WhatIf) []question {
		limit := max(2*recorded.Recorded.Peak>>20, 32)
		var list []question
		for _, settings := range []string{
			"GOGC=50", "GOGC=100", "GOGC=200", "GOGC=400", fmt.Sprintf("GOGC=off,GOMEMLIMIT=%dMiB", limit), "GOGC=100,GOMAXPROCS=1",
		} {
			list = append(list, question{text: settings, env: strings.Split(settings, ",")})
		}
		return list
	})
	return p
}

// changes measures the program variants.
func changes(tmp, tool string) *program {
	const source = "docs/whatif/variants/main.go"
	p := &program{name: "docs/whatif/variants"}
	data, err := os.ReadFile(source)
	if err != nil {
		p.err = err
		return p
	}
	site := func(name string) string {
		before, _, _ := bytes.Cut(data, []byte("// site: "+name+"\n"))
		return fmt.Sprintf("main.go:%d", bytes.Count(before, []byte("\n"))+1)
	}
	c := command{
		env: os.Environ(), record: []string{"go", "run", "./docs/whatif/variants"}, build: []string{"build", "./docs/whatif/variants"},
	}
	p.err = c.measure(tmp, tool, p, func(*alloc.WhatIf) []question {
		of := func(text, variant string) question {
			return question{text: text, env: []string{"GOGC=100"}, args: []string{"-variant=" + variant}}
		}
		return []question{
			of("GOGC=100", ""),
			of("stack="+site("brief"), "stack"),
			of("smaller=main.order:8", "smaller"),
			of("presized="+site("grows"), "presized"),
			of("offheap="+site("kept"), "offheap"),
		}
	})
	return p
}

// A question is one that can also be tried.
type question struct {
	text string
	env  []string
	args []string
}

func (c *command) measure(tmp, tool string, p *program, questions func(*alloc.WhatIf) []question) error {
	file := filepath.Join(tmp, "recorded.heap")
	defer os.Remove(file)
	if _, err := c.run("", nil, tool, append([]string{"heap", "record", "-sites", "-gogc", recordedGOGC, "-o", file, "--"}, c.record...)...); err != nil {
		return err
	}
	first, err := c.ask(tool, file, []question{{text: "GOGC=100"}})
	if err != nil {
		return err
	}
	p.recorded = first[0]
	list := questions(p.recorded)
	said, err := c.ask(tool, file, list)
	if err != nil {
		return err
	}
	if len(said) != len(list)+1 {
		return fmt.Errorf("%d answers to %d questions", len(said)-1, len(list))
	}
	binary := filepath.Join(tmp, "program")
	defer os.Remove(binary)
	build := slices.Insert(slices.Clone(c.build), 1, "-o", binary)
	if _, err := c.run("", nil, "go", build...); err != nil {
		return err
	}
	for i, q := range list {
		a := answer{WhatIf: said[i+1]}
		for range runsEach {
			out, err := c.run(c.in, append([]string{"GODEBUG=gctrace=1"}, q.env...), binary, append(slices.Clone(c.args), q.args...)...)
			if err != nil {
				return err
			}
			a.real = append(a.real, watch(out))
		}
		p.answers = append(p.answers, a)
	}
	return nil
}

// ask returns the answers, that about the recording itself first.
func (c *command) ask(tool, file string, list []question) ([]*alloc.WhatIf, error) {
	args := []string{"heap", "whatif", "-format=json", file}
	for _, q := range list {
		args = append(args, q.text)
	}
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("stackward %s: %w: %s", strings.Join(args, " "), err, &stderr)
	}
	var answers []*alloc.WhatIf
	for line := range bytes.Lines(out) {
		var m alloc.Message
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, err
		}
		if m.WhatIf != nil {
			answers = append(answers, m.WhatIf)
		}
	}
	if len(answers) == 0 {
		return nil, errors.New("no answer")
	}
	return answers, nil
}

// run runs a command in a directory below the program's, and returns all that it writes.
func (c *command) run(in string, env []string, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = filepath.Join(c.dir, in), slices.Concat(c.env, env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, out[max(0, len(out)-500):])
	}
	return out, nil
}

// watch reads the lines of gctrace of one process: those that it starts may have
// their own, which begin at 1 again and are left out.
func watch(out []byte) seen {
	var s seen
	for _, l := range whatif.ReadLog(strings.Split(string(out), "\n")) {
		if int64(l.N) != s.cycles+1 {
			continue
		}
		s.cycles++
		s.peak = max(s.peak, l.End)
		s.cpu += l.CPU() / 1e6
	}
	return s
}

// machine is what it was measured with.
func machine() string {
	return runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH + ", " + strconv.Itoa(runtime.NumCPU()) + " processors"
}
