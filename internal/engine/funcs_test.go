package engine

import "testing"

// Functions are named as the runtime and pprof do, or by any regular expression.
func TestFuncs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, pkg, name string
		main, want      bool
	}{
		{"main.main.func1", "m/cmd/x", "main.func1", true, true},
		{"m/cmd/x.main.func1", "m/cmd/x", "main.func1", true, true},
		{"^main.main$", "m/cmd/x", "main", true, true},
		{"^main.F$", "m/lib", "F", false, false},
		{"^main\\.(*S).P$", "m/cmd/x", "(*S).P", true, true},
		{"m/lib.(*T).M", "m/lib", "(*T).M", false, true},
		{"m/lib.(*T).M", "m/lib", "(*U).M", false, false},
		{"m/lib.(*T).M", "m/lib", "T.M", false, false},
		{"m/lib.(*T).M.func1", "m/lib", "(*T).M.func1", false, true},
		{"m/lib.(*T).M-fm", "m/lib", "(*T).M-fm", false, true},
		{"m/lib.F[...]", "m/lib", "F[...]", false, true},
		{"m/lib.F[...]$", "m/lib", "F", false, false},
		{"m/lib.(*G[...]).M", "m/lib", "(*G[...]).M", false, true},
		{"m/lib.G[...].M.func2", "m/lib", "G[...].M.func2", false, true},
		{"gopkg.in/yaml%2ev3.(*T).M", "gopkg.in/yaml.v3", "(*T).M", false, true},
		{`m/lib.\(\*T\).(M|N)`, "m/lib", "(*T).N", false, true},
		{`lib\.\(*T`, "m/lib", "T", false, true}, // any number of brackets
		{`lib\.[A-Z]`, "m/lib", "G[...].M", false, true},
		{`m/lib.(*[A-Z]).M`, "m/lib", "(*U).M", false, true},
		{"100%", "m/lib", "F", false, false},
	} {
		f, err := ParseFuncs(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		} else if got := f.Match(tt.pkg, tt.name, tt.main); got != tt.want {
			t.Errorf("%s: %v of %s.%s", tt.text, got, tt.pkg, tt.name)
		}
	}
	if _, err := ParseFuncs("(F"); err == nil {
		t.Error("(F is taken")
	}
	if !(*Funcs)(nil).Match("m", "F", false) {
		t.Error("nil is not all functions")
	}
}
