package text

import "testing"

func TestShortFunc(t *testing.T) {
	for name, want := range map[string]string{
		"github.com/dgraph-io/badger/v4.Open":      "badger.Open",
		"github.com/dgraph-io/badger/v4.(*DB).get": "badger.(*DB).get",
		"example.com/m/v2/sub.F[...]":              "sub.F[...]",
		"example.com/m/v2.F[example.com/n/v3.T]":   "m.F[example.com/n/v3.T]",
		"gopkg.in/yaml.v3.Unmarshal":               "yaml.v3.Unmarshal",
		"v2.F":                                     "v2.F",
		"main.main":                                "main.main",
		"net/http.(*conn).serve":                   "http.(*conn).serve",
	} {
		if got := shortFunc(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
