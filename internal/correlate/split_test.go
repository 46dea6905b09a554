package correlate

import "testing"

func TestSplitFunc(t *testing.T) {
	t.Parallel()
	paths := map[string]bool{
		"example.com/prometheus": true, "example.com/nats.go": true, "example.com/nats": true,
		"gopkg.in/yaml.v3": true, "fmt": true, "example.com/m": true,
	}
	known := func(path string) bool { return paths[path] }
	for _, tt := range []struct {
		full, pkg, name string
		guess           string // the path without known, if it is another
	}{
		{full: "fmt.Sprintf", pkg: "fmt", name: "Sprintf"},
		{full: "fmt.(*pp).printArg", pkg: "fmt", name: "(*pp).printArg"},
		{full: "gopkg.in/yaml.v3.Marshal", pkg: "gopkg.in/yaml.v3", name: "Marshal"},
		{full: "gopkg.in/yaml.v3.(*Node).Decode", pkg: "gopkg.in/yaml.v3", name: "(*Node).Decode"},
		{full: "example.com/nats.go.Connect", pkg: "example.com/nats.go", name: "Connect", guess: "example.com/nats"},
		{full: "example.com/nats.Msg.Ack", pkg: "example.com/nats", name: "Msg.Ack"},
		{full: "example.com/prometheus.v2.NewCounterVec", pkg: "example.com/prometheus", name: "v2.NewCounterVec", guess: "example.com/prometheus.v2"},
		{full: "example.com/m.Map[...].func1", pkg: "example.com/m", name: "Map[...].func1"},
		{full: "example.com/m.Map[example.com/x.T]", pkg: "example.com/m", name: "Map[example.com/x.T]"},
		{full: "example.com/m.F.func1.2", pkg: "example.com/m", name: "F.func1.2"},
		{full: "example.com/unknown.T.M", pkg: "example.com/unknown", name: "T.M"},
		{full: "_rt0_amd64", pkg: "", name: "_rt0_amd64"},
	} {
		if pkg, name := SplitFunc(tt.full, known); pkg != tt.pkg || name != tt.name {
			t.Errorf("SplitFunc(%q, known) = %q, %q; want %q, %q", tt.full, pkg, name, tt.pkg, tt.name)
		}
		want := tt.guess
		if want == "" {
			want = tt.pkg
		}
		if pkg, _ := SplitFunc(tt.full, nil); pkg != want {
			t.Errorf("SplitFunc(%q, nil) = %q; want %q", tt.full, pkg, want)
		}
	}
}
