package engine

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/asmlist"
	"github.com/stackward-go/stackward/internal/gocmd"
	"github.com/stackward-go/stackward/internal/stacksize"
)

// TestStackParts holds the words of values that the compiler took apart, which are of
// one name where a body was inlined again and again, to be a value each.
func TestStackParts(t *testing.T) {
	t.Parallel()
	code := func(operands ...string) string {
		text := "m.F STEXT size=850\n"
		for _, o := range operands {
			text += "\t0x0025 00037 (/src/m.go:24)\tMOVQ\tAX, m." + o + "(SP)\n"
		}
		return text
	}
	parts := func(name string) []string {
		return []string{name + "+16", name + "+24", name + "+32", name + "+40", name + "+48", name + "+56", name + "+64", name + "+72", name + "+80"}
	}
	tests := []struct {
		name     string
		operands []string
		smaller  int
		vars     []string
		other    int64
	}{
		{"words of strings", append(parts("name.len"), "other+88"), 9, []string{"other 160"}, 256 - 16 - 160},
		{"words of results", append(parts("~r0.ptr"), "other+88"), 9, []string{"other 160"}, 256 - 16 - 160},
		{"words of fields", append(parts("p.name.ptr"), "other+88"), 9, []string{"other 160"}, 256 - 16 - 160},
		{"elements", append(parts("a[0]"), "other+88"), 9, []string{"other 160"}, 256 - 16 - 160},
		{"the compiler's own", append(parts(".autotmp_7.len"), "other+88"), 9, []string{"other 160"}, 256 - 16 - 160},
		{"a place behind a word", []string{"name.len+16", "other+120"}, 1, []string{"other 128"}, 256 - 16 - 128},
		{"a variable", append(parts("name"), "other+88"), 0, []string{"other 160", "name 72"}, 256 - 16 - 160 - 72},
		{"a temporary", append(parts(".autotmp_7"), "other+88"), 0, []string{"other 160", " 72"}, 256 - 16 - 160 - 72},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &stacks{p: &pipeline{env: &gocmd.Env{GOARCH: "amd64"}}, rules: &stacksize.Rules{Call: 8}}
			row := &alloc.Stack{Frame: 256}
			for f, err := range asmlist.Read(strings.NewReader(code(tt.operands...)), func(string) bool { return true }) {
				if err != nil {
					t.Fatal(err)
				}
				s.frame(row, f, make(map[string]bool))
			}
			var vars []string
			for _, v := range row.Vars {
				vars = append(vars, v.Name+" "+fmt.Sprint(v.Bytes))
			}
			if row.Smaller != tt.smaller || row.Other != tt.other || !slices.Equal(vars, tt.vars) {
				t.Errorf("%d smaller values, variables %q, %d bytes of other things, want %d, %q, %d", row.Smaller, vars, row.Other, tt.smaller, tt.vars, tt.other)
			}
		})
	}
}
