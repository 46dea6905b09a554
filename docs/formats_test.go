package docs

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

// TestFormats checks that formats.md names every key of the JSON form in the
// section of its object, or in that of the object that holds it.
func TestFormats(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("formats.md")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, object := range keys(reflect.TypeFor[alloc.Message]()) {
		_, section, ok := strings.Cut(string(data), "\n### "+object.name+"\n")
		if !ok {
			t.Errorf("no section of %s", object.name)
			continue
		}
		section, _, _ = strings.Cut(section, "\n#")
		sections := keys(reflect.TypeFor[alloc.Message]())
		var check func([]key)
		check = func(list []key) {
			for _, k := range list {
				checked++
				if !strings.Contains(section, "`"+k.name+"`") && !isPosition(k.name) {
					t.Errorf("the section of %s has no `%s`", object.name, k.name)
				}
				if !slices.ContainsFunc(sections, func(o key) bool { return o.typ == k.typ }) { // it has its own
					check(keys(k.typ))
				}
			}
		}
		check(keys(object.typ))
	}
	if checked < 50 {
		t.Errorf("only %d keys", checked)
	}
}

// isPosition reports whether a key is one of those that make a position, which
// objects inside of objects have, too.
func isPosition(name string) bool { return name == "file" || name == "line" || name == "col" }

type key struct {
	name string
	typ  reflect.Type
}

// keys are the JSON keys of a struct, or of what a pointer or slice leads to.
func keys(t reflect.Type) []key {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var list []key
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous:
			list = append(list, keys(f.Type)...)
		case name != "" && name != "-":
			list = append(list, key{name, f.Type})
		}
	}
	return list
}
