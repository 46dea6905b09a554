package engine

import (
	"slices"
	"testing"

	"github.com/stackward-go/stackward/internal/alloctrace"
)

func TestNamesOf(t *testing.T) {
	t.Parallel()
	types := []alloctrace.Type{
		{},
		{Name: "x.T", Addr: 0x10}, {Name: "x.T", Addr: 0x20}, {Name: "x.T", Addr: 0x30}, // the last one's path is not known
		{Name: "x.U", Addr: 0x40},
		{Name: "x.V", Addr: 0x50}, {Name: "x.V", Addr: 0x60},
		{Name: "main.T", Addr: 0x70},
		{Addr: 0x80},
		{Addr: 0x90},
	}
	paths := map[int32]string{1: "m/a/x.T", 2: "m/b/x.T", 4: "m/a/x.U", 5: "m/a/x.V", 6: "m/a/x.V"}
	names := namesOf(types, paths)
	want := []string{"", "m/a/x.T", "m/b/x.T", "x.T@30", "x.U", "x.V@50", "x.V@60", "main.T", "", ""}
	for i := range names {
		if names[i].own != want[i] {
			t.Errorf("type %d is named %q, want %q", i, names[i].own, want[i])
		}
	}
	for of, want := range map[string][]int{
		"x.T": {1, 2, 3}, "m/a/x.T": {1}, "x.T@30": {3}, "m/a/x.U": {4}, "x.U": {4}, "m/a/x.V": {5, 6}, "x.V@60": {6}, "x.W": nil,
	} {
		var got []int
		for i, n := range names {
			if n.is(of) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s are types %v, want %v", of, got, want)
		}
	}
}
