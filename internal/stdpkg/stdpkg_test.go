package stdpkg

import (
	"os/exec"
	"strings"
	"testing"
)

// TestGo holds the list to the go command: go generate adds what is new.
func TestGo(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	list := strings.Fields(string(out))
	if len(list) < 100 {
		t.Fatalf("go list std has %d packages", len(list))
	}
	for _, path := range list {
		if !known()[path] {
			t.Errorf("%s is missing: run go generate", path)
		}
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"net/http": true, "runtime": true, "internal/runtime/maps": true, "vendor/golang.org/x/net/http/httpguts": true,
		"internal/syscall/windows": true, "crypto/internal/fips140/v1.0.0-c2097c7c/sha256": true,
		"main": false, "": false, "cmd/compile/internal/ssa": false, "net/http_test": false, "golang.org/x/net/http/httpguts": false,
		"mymodule/internal/http": false, "httpx": false, "example.com/net/http": false,
	} {
		if got := Has(path); got != want {
			t.Errorf("%q: %v", path, got)
		}
	}
}
