package text

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

var update = flag.Bool("update", false, "write the goldens")

// stacks is a report of functions with long names and places, and all that is told of
// one.
func stacks() *alloc.Report {
	const module = "github.com/dgraph-io/badger/v4"
	step := func(fn string, frame, used int64, file string, line int) alloc.StackStep {
		return alloc.StackStep{Func: fn, Frame: frame, Used: used, File: file, Line: line}
	}
	compact := step(module+".(*levelsController).doCompact", 2128, 1200, "levels.go", 120)
	shortest := step("strconv.roundShortest", 1688, 8712, "/usr/local/go/src/internal/strconv/ftoa.go", 196)
	errorf := step("fmt.errorf", 136, 3000, "/home/go/pkg/mod/github.com/klauspost/compress@v1.18.0/huff0/bitreader.go", 117)
	recursive := step("google.golang.org/protobuf/proto.UnmarshalOptions.unmarshalMessageSlow", 336, 3952, "proto.go", 128)
	recursive.Recursive = true
	options := func(name, file string, line int) alloc.StackVar {
		return alloc.StackVar{Name: name, Type: "badger.Options", Bytes: 360, Pos: alloc.Pos{File: file, Line: line}}
	}
	return &alloc.Report{
		Header:  alloc.Header{Command: "find", Stack: &alloc.StackRules{Min: 2048, Guard: 928, Start: 40}},
		Summary: alloc.Summary{Packages: 12, Functions: 1771, Found: 1771},
		FuncStacks: []*alloc.Stack{
			{
				Func: module + "/integration/lsmbench.run", Pos: alloc.Pos{File: "integration/lsmbench/main.go", Line: 129}, Frame: 46920, Check: true,
				Vars: []alloc.StackVar{
					{Expr: "make([]*badger.Entry, 0, batchSize + 10)", Kind: alloc.Slice, Type: "[]*badger.Entry", Bytes: 40080, Pos: alloc.Pos{File: "integration/lsmbench/main.go", Line: 157}},
					{Expr: "fmt.Printf(\"checkpoint entries %d after %v: %d\", total, time.Since(start))", Kind: alloc.Variadic, Type: "[]any", Bytes: 4800, Pos: alloc.Pos{File: "integration/lsmbench/main.go", Line: 186}},
					options("opts", "integration/lsmbench/main.go", 132), options("opts", "integration/lsmbench/main.go", 140), options("opt", "options.go", 435),
					{Bytes: 264, Pos: alloc.Pos{File: "/home/go/pkg/mod/go.opentelemetry.io/otel@v1.41.0/attribute/key.go", Line: 105}},
					{Expr: "li", Type: "badger.LevelInfo", Bytes: 72, Pos: alloc.Pos{File: "levels.go", Line: 9}},
					{Name: "li", Type: "badger.LevelInfo", Bytes: 72, Pos: alloc.Pos{File: "levels.go", Line: 8}, Shared: true},
				},
				Args: 376, Other: 248, Smaller: 17,
				StackChain: alloc.StackChain{Bytes: 54696, Size: 65536, Copies: 1},
			},
			{
				Func: module + ".(*DB).DropPrefix", Pos: alloc.Pos{File: "db.go", Line: 1844}, Entry: alloc.EntryExported, Frame: 360, Check: true,
				StackChain: alloc.StackChain{
					Bytes: 8776, Size: 16384, Copies: 3, Copied: 9000, Largest: &compact, Dynamic: 54,
					Chain: []alloc.StackStep{step(module+".(*DB).DropPrefix", 360, 40, "", 0), compact},
				},
				Aside: &alloc.AsideChain{
					StackChain: alloc.StackChain{Bytes: 20000, Size: 32768, Copies: 4, Largest: &shortest, Recursive: []string{recursive.Func, "a.B"}, Chain: []alloc.StackStep{
						step(module+".(*DB).DropPrefix", 360, 40, "", 0), recursive, errorf, shortest,
					}},
					Leave: errorf, Why: alloc.AsideError,
				},
			},
			{
				Func: "gopkg.in/yaml.v3.(*Node).Encode", Pos: alloc.Pos{File: "yaml.go", Line: 395}, CompilerMade: true, Entry: alloc.EntryExported, Frame: 0,
				StackChain: alloc.StackChain{Bytes: 700, Size: 2048},
				Aside:      &alloc.AsideChain{StackChain: alloc.StackChain{Bytes: 2500, Size: 4096, Copies: 1}, Leave: step("m.fail", 100, 80, "yaml.go", 400), Why: alloc.AsidePanic},
			},
			{Func: "m.init", CompilerMade: true, Frame: 632, Check: true, StackChain: alloc.StackChain{Bytes: 900, Size: 2048}},
		},
	}
}

// TestStacks holds the tables at the width of a small terminal and of a large one.
func TestStacks(t *testing.T) {
	for _, width := range []int{80, 200} {
		var b strings.Builder
		if err := Write(&b, stacks(), Options{Width: width, Top: 15}); err != nil {
			t.Fatal(err)
		}
		golden(t, fmt.Sprintf("stacks.%d.txt", width), b.String())
		for line := range strings.Lines(b.String()) {
			line = strings.TrimSuffix(line, "\n")
			if n := columnsOf(line); n > width && !strings.Contains(line, "/home/go") && !strings.Contains(line, "/usr/local/go") {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
	}
}

func TestShortFunc(t *testing.T) {
	for name, want := range map[string]string{
		"github.com/dgraph-io/badger/v4.Open":      "badger.Open",
		"github.com/dgraph-io/badger/v4.(*DB).get": "badger.(*DB).get",
		"example.com/m/v2/sub.F[...]":              "sub.F[...]",
		"example.com/m/v2.F[example.com/n/v3.T]":   "m.F[example.com/n/v3.T]",
		"gopkg.in/yaml.v3.Unmarshal":               "yaml.Unmarshal",
		"crypto/internal/entropy/v1.0.0.Samples":   "entropy.Samples",
		"gopkg.in/yaml.v3.(*Decoder).Decode":       "yaml.(*Decoder).Decode",
		"v2.F":                                     "v2.F",
		"main.main":                                "main.main",
		"net/http.(*conn).serve":                   "http.(*conn).serve",
	} {
		if got := shortFunc(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
