package benchrun

import "testing"

// What the go command wrote is not said twice.
func TestTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ out, want string }{
		{"go: go.mod file not found\n", "building ./x: go.mod file not found"},
		{"# m/x\ngo.mod file not found\nand more\n", "building ./x: go.mod file not found\nand more"},
		{"go: downloading y v1.0.0\ngo: go.mod file not found\n", "building ./x: go.mod file not found\ngo: downloading y v1.0.0"},
	} {
		e := &Error{Msg: "building ./x: go.mod file not found", Output: tt.out}
		if got := e.Told(); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.out, got, tt.want)
		}
	}
}
