package sarif

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/stackward-go/stackward/alloc"
)

var (
	update     = flag.Bool("update", false, "write what is encoded into testdata")
	schemaFile = flag.String("schema", filepath.Join("testdata", "schema.json"), "hold SARIF to the JSON schema in `file`, such as the one of OASIS")
)

var reports = []string{"findings", "clean", "problems"}

// options are those of a module that is not the root of its repository, with one
// page about a cause and one source line.
var options = Options{
	Version: "v1.2.3",
	Path: func(file string) string {
		if filepath.IsAbs(file) || strings.Contains(file, "C:/") {
			return file
		}
		return "mod/" + file
	},
	Line: func(file string, line int) string {
		if strings.HasSuffix(file, "ü.go") {
			return "_𝄞ü(x)" // column 9 is behind 1, 4, 2 and 1 bytes: 1, 2, 1 and 1 units
		}
		return ""
	},
	Cause: func(c alloc.Cause) (string, bool) { return "## " + string(c) + "\n\n`T{}`", c == alloc.Stored },
}

func read(t *testing.T, name string) *alloc.Report {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "ci", "testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := alloc.ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func encode(t *testing.T, r *alloc.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, options); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGolden compares the SARIF of the reports that package ci has with goldens,
// and holds it to the schema.
func TestGolden(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	valid, err := compiler.Compile(*schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range reports {
		got := encode(t, read(t, name))
		golden := filepath.Join("testdata", name+".sarif")
		if *update {
			if err := os.WriteFile(golden, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got; go test ./internal/sarif -update writes it):\n%s", golden, diff)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(got))
		if err != nil {
			t.Fatal(err)
		}
		if err := valid.Validate(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRules holds what the schema cannot say: each result's rule is the one at its
// index, and each rule has its meaning.
func TestRules(t *testing.T) {
	t.Parallel()
	for _, rule := range alloc.Rules {
		if meaning[rule] == "" {
			t.Errorf("rule %s has no meaning", rule)
		}
	}
	var log document
	if err := json.Unmarshal(encode(t, read(t, "findings")), &log); err != nil {
		t.Fatal(err)
	}
	fingerprints := make(map[string]bool)
	for _, r := range log.Runs[0].Results {
		if got := log.Runs[0].Tool.Driver.Rules[r.Index].ID; got != r.Rule {
			t.Errorf("rule %d is %s, want %s", r.Index, got, r.Rule)
		}
		if f := r.Fingerprints["stackward/v1"]; fingerprints[f] {
			t.Errorf("fingerprint %s stands there twice", f)
		} else {
			fingerprints[f] = true
		}
		for _, at := range r.Locations {
			u, err := url.Parse(at.Physical.Artifact.URI)
			if err != nil || u.IsAbs() == (at.Physical.Artifact.Base != "") {
				t.Errorf("URI %q, base %q: %v", at.Physical.Artifact.URI, at.Physical.Artifact.Base, err)
			}
		}
	}
	if len(fingerprints) != len(read(t, "findings").Findings) {
		t.Errorf("%d fingerprints", len(fingerprints))
	}
}

// TestFingerprints holds that they stay while lines and files move, and that
// another rule, function or site has another.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	of := func(f alloc.Finding) string {
		return (&encoder{seen: make(map[string]int)}).fingerprint(&f)
	}
	base := alloc.Finding{Rule: alloc.RuleNoalloc, Site: "m.F#new(T)#1", Func: "m.G", Message: "m.G: new(T) allocates", Pos: alloc.Pos{File: "m.go", Line: 3, Col: 4}}
	moved := base
	moved.Pos, moved.Message = alloc.Pos{File: "n.go", Line: 7}, "in other words"
	if of(moved) != of(base) {
		t.Error("a moved finding has another fingerprint")
	}
	for _, change := range []func(*alloc.Finding){
		func(f *alloc.Finding) { f.Rule = alloc.RuleNewSite },
		func(f *alloc.Finding) { f.Func = "m.H" },
		func(f *alloc.Finding) { f.Site = "m.F#new(T)#2" },
		func(f *alloc.Finding) { f.Site = "" },
	} {
		other := base
		change(&other)
		if of(other) == of(base) {
			t.Errorf("%+v has the fingerprint of %+v", other, base)
		}
	}
}

// TestClean holds that a clean log has an empty list of results, not null, and
// that one with problems does not pass for a clean one.
func TestClean(t *testing.T) {
	t.Parallel()
	if s := string(encode(t, read(t, "clean"))); !strings.Contains(s, `"results": []`) || !strings.Contains(s, `"executionSuccessful": true`) {
		t.Error(s)
	}
	if s := string(encode(t, read(t, "problems"))); !strings.Contains(s, `"executionSuccessful": false`) {
		t.Error(s)
	}
}
