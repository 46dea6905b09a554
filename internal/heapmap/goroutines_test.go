package heapmap

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGoroutines holds stacks by their goroutines' first functions to a program that
// knows them.
func TestGoroutines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bin, file := filepath.Join(dir, "stacks.exe"), filepath.Join(dir, "trace")
	if out, err := exec.Command("go", "build", "-o", bin, "./testdata/stacks").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if _, err := os.ReadFile("testdata/stacks/main.go"); err != nil { // for the test cache
		t.Fatal(err)
	}
	var data []byte
	for try := 0; ; try++ {
		cmd := exec.Command(bin, file)
		cmd.Env = append(os.Environ(), "GODEBUG=traceallocfree=1,adaptivestackstart=0", "GOGC=off", "GOMAXPROCS=2")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var err error
		if data, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		if sound(bytes.Clone(data)) {
			break
		}
		if try == 4 {
			t.Fatal("each of five traces is damaged")
		}
	}
	_, m := replay(t, data, math.MaxInt64)
	list, unknown := m.Goroutines()
	got := make(map[string]Goroutines)
	for _, g := range list {
		got[g.Start.Func] = g
	}
	for name, want := range map[string]Goroutines{
		// 100 that need 20 KiB or so grow to 4, 8, 16 and 32 KiB, and are gone.
		"main.deep": {Began: 100, Grown: 400, Copied: 100 * (2 + 4 + 8 + 16) << 10, Largest: 32 << 10},
		// 50 that need next to nothing, and wait until the end.
		"main.flat": {Began: 50, Live: 50, Stacks: 50 * 2 << 10, Largest: 2 << 10},
		// One that grows while it waits for nobody.
		"main.main.func1": {Began: 1, Live: 1, Stacks: 128 << 10, Grown: 6, Copied: (2 + 4 + 8 + 16 + 32 + 64) << 10, Largest: 128 << 10},
	} {
		is := got[name]
		is.Start, is.Most = want.Start, want.Most
		if is != want {
			t.Errorf("%s: %+v, want %+v", name, is, want)
		}
	}
	if by := got["sync.(*WaitGroup).Go.func1"].Start.By; by != "main.main" {
		t.Errorf("what sync.WaitGroup.Go starts is by %q, want main.main", by)
	}
	if unknown > 5 {
		t.Errorf("%d stacks could not be tied to a goroutine", unknown)
	}
	if first := m.StartSizes(); len(first) != 1 || first[0].Bytes != 2<<10 {
		t.Errorf("new stacks: %+v", first)
	}
	if testing.Verbose() {
		for _, g := range list {
			fmt.Printf("%+v\n", g)
		}
	}
}
