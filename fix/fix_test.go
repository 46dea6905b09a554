package fix

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
)

// Each fixer has a folder of its name in testdata/src.
func TestFixers(t *testing.T) {
	if err := analysis.Validate(Suite); err != nil {
		t.Fatal(err)
	}
	for _, a := range Suite {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("testdata", "src", a.Name)
			if _, err := os.Stat(dir); err != nil {
				t.Fatal(err)
			}
			analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), a, a.Name)
		})
	}
}
