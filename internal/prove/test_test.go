package prove

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testOutput = `{"ImportPath":"example.com/m/broken [example.com/m/broken.test]","Action":"build-output","Output":"# example.com/m/broken\n"}
{"ImportPath":"example.com/m/broken [example.com/m/broken.test]","Action":"build-output","Output":"broken/b.go:3:9: undefined: nothing\n"}
{"ImportPath":"example.com/m/broken [example.com/m/broken.test]","Action":"build-fail"}
{"Action":"start","Package":"example.com/m.v2"}
{"Action":"run","Package":"example.com/m.v2","Test":"TestA"}
{"Action":"output","Package":"example.com/m.v2","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"example.com/m.v2","Test":"TestA","Output":"    m_test.go:7: got 1.5\n"}
{"Action":"output","Package":"example.com/m.v2","Test":"TestA","Output":"--- FAIL: TestA (0.00s)\n"}
{"Action":"fail","Package":"example.com/m.v2","Test":"TestA","Elapsed":0}
{"Action":"run","Package":"example.com/m.v2","Test":"TestB/sub.1"}
{"Action":"pass","Package":"example.com/m.v2","Test":"TestB/sub.1","Elapsed":0}
{"Action":"output","Package":"example.com/m.v2","Output":"FAIL\n"}
{"Action":"fail","Package":"example.com/m.v2","Elapsed":0.004}
{"Action":"start","Package":"example.com/m/exits"}
{"Action":"output","Package":"example.com/m/exits","Output":"exit status 3\n"}
{"Action":"fail","Package":"example.com/m/exits","Elapsed":0.004}
{"Action":"start","Package":"example.com/m/none"}
{"Action":"skip","Package":"example.com/m/none","Elapsed":0}
`

func TestReadTests(t *testing.T) {
	t.Parallel()
	got, err := readTests(strings.NewReader(testOutput), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]failedTest{
		"example.com/m/broken":   {"example.com/m/broken", "example.com/m/broken", "broken/b.go:3:9: undefined: nothing"},
		"example.com/m.v2.TestA": {"example.com/m.v2.TestA", "example.com/m.v2", "m_test.go:7: got 1.5"},
		"example.com/m/exits":    {"example.com/m/exits", "example.com/m/exits", "exit status 3"},
	}
	if d := cmp.Diff(want, got.failed, cmp.AllowUnexported(failedTest{})); d != "" {
		t.Errorf("failed (-want +got)\n%s", d)
	}
	if d := cmp.Diff(map[string]int{"example.com/m.v2": 1}, got.passed); d != "" {
		t.Errorf("passed (-want +got)\n%s", d)
	}
	if left := got.except(map[string]failedTest{"example.com/m.v2.TestA": {}}); len(left) != 2 || left[0].pkg != "example.com/m/broken" {
		t.Errorf("but for one: %v", left)
	}
}

func TestReadVet(t *testing.T) {
	t.Parallel()
	got := readVet("# example.com/m\n# [example.com/m]\n./a.go:3:2: one\n./a.go:9:2: one\nvet: sub/b.go:4: two\n# example.com/m/x_test [example.com/m/x.test]\n./x_test.go:1:1: three\nexit status 1\n")
	want := map[vetMessage]int{
		{"example.com/m", "a.go: one"}: 2, {"example.com/m", "b.go: two"}: 1, {"example.com/m/x", "x_test.go: three"}: 1,
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(vetMessage{})); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func FuzzReadTests(f *testing.F) {
	f.Add(testOutput)
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := readTests(strings.NewReader(text), nil); err == nil && len(got.passed) > strings.Count(text, "pass") {
			t.Errorf("passed: %v", got.passed)
		}
	})
}
