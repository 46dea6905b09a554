package fix_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestGenerated tries programs of the seeds 1, 2, 3 and on. STACKWARD_PROGRAMS
// tells how many, STACKWARD_SEED where to begin, and STACKWARD_FINDINGS a folder
// for what is found, which then does not end the run.
func TestGenerated(t *testing.T) {
	number := func(name string, usual int) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			return usual
		}
		return n
	}
	const few, batch = 120, 400
	count, from := number("STACKWARD_PROGRAMS", few), number("STACKWARD_SEED", 1)
	if testing.Short() {
		count = min(count, few/4)
	}
	dir := os.Getenv("STACKWARD_FINDINGS")
	b := newBench(t, suite(t))
	wrong := 0
	var list []*variant
	begun := time.Now()
	for i := range count {
		p := generate(uint64(from + i))
		if _, err := b.check(p.src, p.version); err != nil {
			wrong++
			if testing.Verbose() && wrong <= 10 {
				t.Logf("%s is no program: %v", p.name, err)
			}
			continue
		}
		list = append(list, b.variants(b.mutate(p, uint64(from+i)))...)
		if len(list) < batch && i < count-1 {
			continue
		}
		b.try(t, list)
		list = nil
		b.reset(t)
		for _, f := range b.findings {
			if dir == "" {
				t.Error(f)
				continue
			}
			text := fmt.Sprintf("%s\n-- main.go --\n%s\n", f, f.prog.src)
			write(t, filepath.Join(dir, strings.Join([]string{f.of, f.prog.name}, "-")+".txtar"), []byte(text))
		}
		b.findings = nil
		if dir != "" {
			write(t, filepath.Join(dir, fmt.Sprintf("progress-%d", from)), fmt.Appendf(nil, "%d programs by %d fixers, %d variants, %v\n", b.programs, len(b.fixers), b.ran, time.Since(begun).Round(time.Second)))
		}
	}
	if wrong*4 > count {
		t.Errorf("%d of %d generated texts are no programs", wrong, count)
	}
	b.tell(t)
}

// FuzzFixers tries programs of any seed, one by one.
func FuzzFixers(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		b := newBench(t, suite(t))
		p := generate(seed)
		if _, err := b.check(p.src, p.version); err != nil {
			t.Skip(err)
		}
		b.try(t, b.variants(b.mutate(p, seed)))
		for _, f := range b.findings {
			t.Error(f)
		}
	})
}
