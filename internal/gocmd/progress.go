package gocmd

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// A Progress says how far a build is.
type Progress struct {
	Step string // "compiling", "downloading"
	// Done of Total packages are compiled, dependencies included; Total is 0
	// while it is not known.
	Done, Total int
	// Package is what is being compiled or downloaded.
	Package string
}

// blink is how long a build must take before its progress is told. How many
// packages there are is asked of a second go command, which what is found in
// the cache should not have to pay for: that waits until something is compiled.
const blink = 300 * time.Millisecond

// A meter makes the progress of a build out of what the go command names as it
// goes. It names no package that it finds in the cache; but a package whose
// compilation starts has all its dependencies done.
type meter struct {
	report    func(Progress)
	stop      func()
	compiling chan struct{} // closed when the first package's compilation starts

	mu      sync.Mutex
	telling bool // a blink has passed
	imports map[string][]string
	ready   map[string]bool // packages done
	early   []func()        // what happened before imports was known
	current string          // "" before the first
}

// watch starts to tell the progress of a build, nil if nobody listens.
func (c *Config) watch(ctx context.Context, req Request) *meter {
	if c.Progress == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	finished := make(chan struct{})
	m := &meter{report: c.Progress, compiling: make(chan struct{}), ready: make(map[string]bool)}
	m.stop = func() { cancel(); <-finished }
	go func() {
		defer close(finished)
		select {
		case <-ctx.Done():
			return
		case <-time.After(blink):
		}
		m.mu.Lock()
		m.telling = true
		m.tell("compiling", m.current)
		m.mu.Unlock()
		select {
		case <-ctx.Done():
		case <-m.compiling:
			m.know(c.graph(ctx, req))
		}
	}()
	return m
}

// graph asks for the imports of all packages of a build, by import path.
func (c *Config) graph(ctx context.Context, req Request) map[string][]string {
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Imports,ImportMap"}, c.Flags()...)
	if req.Tests {
		args = append(args, "-test")
	}
	out, err := c.output(ctx, append(append(args, "--"), req.Patterns...)...)
	if err != nil {
		return nil // the build will say why
	}
	graph := make(map[string][]string)
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p struct {
			ImportPath string
			Imports    []string
			ImportMap  map[string]string
		}
		if dec.Decode(&p) != nil {
			return graph
		}
		for i, imp := range p.Imports {
			if to := p.ImportMap[imp]; to != "" {
				p.Imports[i] = to
			}
		}
		graph[p.ImportPath] = p.Imports
	}
}

func (m *meter) know(graph map[string][]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.imports = graph
	for _, f := range m.early {
		f()
	}
	m.early = nil
	m.tell("compiling", m.current)
}

// started says that all that pkg imports is done.
func (m *meter) started(pkg string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current == "" {
		close(m.compiling)
	}
	m.current = pkg
	m.mark(pkg, false)
}

// done says that pkg is done.
func (m *meter) done(pkg string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mark(pkg, true)
}

func (m *meter) downloading(module string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tell("downloading", module)
}

func (m *meter) mark(pkg string, itself bool) {
	if m.imports == nil {
		m.early = append(m.early, func() { m.close(pkg, itself) })
	} else {
		m.close(pkg, itself)
	}
	m.tell("compiling", m.current)
}

// close marks all that pkg imports, directly or not, as done.
func (m *meter) close(pkg string, itself bool) {
	if m.ready[pkg] {
		return
	}
	imports, ok := m.imports[pkg]
	if !ok {
		return
	}
	if itself {
		m.ready[pkg] = true
	}
	for _, imp := range imports {
		m.close(imp, true)
	}
}

func (m *meter) tell(step, pkg string) {
	if !m.telling {
		return
	}
	p := Progress{Step: step, Package: pkg}
	if step == "compiling" {
		p.Done, p.Total = len(m.ready), len(m.imports)
		p.Package, _, _ = strings.Cut(p.Package, " ")
	}
	m.report(p)
}
