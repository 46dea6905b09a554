package rewrite

import (
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApply(t *testing.T) {
	t.Parallel()
	const src = "package p\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nvar x = fmt.Sprint(1)\n\nvar y = os.Args\n"
	at := strings.Index(src, "fmt.Sprint(1)")
	swap := Edit{at, at + len("fmt.Sprint(1)"), `"1"`}
	imp := Edit{strings.Index(src, `"fmt"`), strings.Index(src, `"fmt"`), "\"errors\"\n\t"}
	const shadow = "\nfunc f(os []error) string {\n\tvar y struct{ os error }\n\treturn os[0].Error() + y.os.Error()\n}\n"
	tests := []struct {
		name, src string
		edits     []Edit
		want      string // "" is an error
	}{
		{"nothing", src, nil, src},
		{"import goes", src, []Edit{swap}, "package p\n\nimport (\n\t\"os\"\n)\n\nvar x = \"1\"\n\nvar y = os.Args\n"},
		{"import comes twice", src, []Edit{imp, {at, at + len("fmt.Sprint(1)"), "errors.New(`1`)"}, imp},
			"package p\n\nimport (\n\t\"errors\"\n\t\"os\"\n)\n\nvar x = errors.New(`1`)\n\nvar y = os.Args\n"},
		{"last import goes", "package p\n\nimport \"fmt\"\n\nvar x = fmt.Sprint(1)\n",
			[]Edit{{33, 46, `"1"`}}, "package p\n\nvar x = \"1\"\n"},
		{"not formatted before", "package p\nvar  x = 1\n", []Edit{{19, 20, "2"}}, "package p\nvar  x = 2\n"},
		{"CRLF", "package p\r\n\r\nvar x = 1\r\n", []Edit{{21, 22, "1 +\n\t2"}}, "package p\r\n\r\nvar x = 1 +\r\n\t2\r\n"},
		{"parentheses at one place", "package p\n\nvar x = 1\n", []Edit{{19, 19, "int("}, {19, 19, "int("}, {20, 20, ")"}, {20, 20, ")"}}, "package p\n\nvar x = int(int(1))\n"},
		{"import goes where a variable has its name", "package p\n\nimport \"os\"\n" + shadow + "\nvar x = os.Args\n",
			[]Edit{{23 + len(shadow) + 9, 23 + len(shadow) + 16, "1"}}, "package p\n" + shadow + "\nvar x = 1\n"},
		{"import stays where a variable has its name", "package p\n\nimport \"os\"\n" + shadow + "\nvar x, y = os.Args, os.Args\n",
			[]Edit{{23 + len(shadow) + 12, 23 + len(shadow) + 19, "1"}}, "package p\n\nimport \"os\"\n" + shadow + "\nvar x, y = 1, os.Args\n"},
		{"overlap", src, []Edit{swap, {at + 1, at + 2, ""}}, ""},
		{"no Go", src, []Edit{{at, at + 1, "("}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NewText([]byte(tt.src), path.Base).Apply(tt.edits)
			if (err != nil) != (tt.want == "") {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, string(got)); d != "" && err == nil {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestOverlaps(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b Edit
		want bool
	}{
		{Edit{0, 2, "x"}, Edit{2, 4, "y"}, false},
		{Edit{0, 3, "x"}, Edit{2, 4, "y"}, true},
		{Edit{2, 2, "x"}, Edit{2, 2, "x"}, true},
		{Edit{2, 2, "\"x\"\n\t"}, Edit{2, 2, "\"x\"\n\t"}, false},
		{Edit{2, 2, "\"x\"\n\t"}, Edit{2, 2, "\"y\"\n\t"}, true},
		{Edit{2, 2, "\n\nimport \"x\""}, Edit{2, 2, "\n\nimport \"x\""}, false},
		{Edit{2, 2, "x"}, Edit{2, 2, "y"}, true},
		{Edit{2, 4, "x"}, Edit{2, 4, "x"}, true},
		{Edit{1, 5, "x"}, Edit{2, 2, "y"}, true},
	} {
		if got := Overlaps([]Edit{tt.a}, []Edit{tt.b}); got != tt.want {
			t.Errorf("%v, %v: %v", tt.a, tt.b, got)
		}
	}
}

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.go"), filepath.Join(dir, "b.go")
	for _, name := range []string{a, b} {
		if err := os.WriteFile(name, []byte("old"), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	tree := Tree{a: []byte("new"), b: []byte("new")}
	err := tree.Write(Tree{a: []byte("old"), b: []byte("older")})
	if !errors.Is(err, ErrChanged) {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(a); string(got) != "old" {
		t.Errorf("a.go is %q after a refusal", got)
	}
	if err := tree.Write(Tree{a: []byte("old"), b: []byte("old")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{a, b} {
		st, err := os.Stat(name)
		if got, _ := os.ReadFile(name); string(got) != "new" || err != nil || st.Mode().Perm() != 0o640 {
			t.Errorf("%s is %q, %v", name, got, st.Mode())
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".stackward-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
