package objscan

import "testing"

func TestInstance(t *testing.T) {
	t.Parallel()
	for sym, want := range map[string]string{
		"example.com/m.Map[go.shape.int].func1":          "go.shape.int",
		"example.com/m.(*pair[go.shape.[64]int]).Deep":   "go.shape.[64]int",
		"m.Two[go.shape.string,gopkg.in/yaml%2ev3.Node]": "go.shape.string,gopkg.in/yaml.v3.Node",
		"m.Plain":            "",
		"type:.eq.[8]string": "",
		"m.Cut[go.shape.int": "",
	} {
		if got := Instance(sym); got != want {
			t.Errorf("%s: %q, want %q", sym, got, want)
		}
	}
}
