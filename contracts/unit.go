package contracts

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// A unit is what go vet says of the package under analysis, where the driver is a
// unitchecker: the part of golang.org/x/tools/go/analysis/unitchecker.Config that a
// pass does not have.
type unit struct {
	Dir         string
	ImportPath  string
	GoFiles     []string
	VetxOnly    bool              // nobody asked for diagnostics
	PackageFile map[string]string // archives of the direct imports
}

// unitOf is the pass's unit, nil where the driver is no unitchecker. The pass does
// not lead to it, but it is the process's last argument, and names the pass's
// files.
func unitOf(pass *analysis.Pass) *unit {
	name := os.Args[len(os.Args)-1]
	if !strings.HasSuffix(name, ".cfg") {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	u := new(unit)
	if json.Unmarshal(data, u) != nil || u.ImportPath != pass.Pkg.Path() || len(u.GoFiles) != len(pass.Files) {
		return nil
	}
	return u
}

// sameArchive reports whether two archives are of the same compilation. A file may
// be in a directory of a go command that runs, so names do not tell: it is the
// build ID that does. What cannot be read is taken for the same.
func sameArchive(a, b string) bool {
	if a == b {
		return true
	}
	x, y := contentID(a), contentID(b)
	return x == "" || y == "" || x == y
}

// contentID is the hash of what an archive holds, as its header has it: the last
// part of the build ID (cmd/go/internal/work/buildid.go); "" where there is none.
func contentID(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 1024)
	n, _ := io.ReadFull(f, head)
	for line := range bytes.Lines(head[:n]) {
		if id, ok := bytes.CutPrefix(line, []byte("build id \"")); ok {
			parts := strings.Split(strings.TrimRight(string(id), "\"\n"), "/")
			return parts[len(parts)-1]
		}
	}
	return ""
}
