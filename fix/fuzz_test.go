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
	const few, batch = 120, 800
	count, from := number("STACKWARD_PROGRAMS", few), number("STACKWARD_SEED", 1)
	if testing.Short() {
		count = min(count, few/4)
	}
	dir := os.Getenv("STACKWARD_FINDINGS")
	b := newBench(t, suite(t))
	b.sparing = count > few
	wrong := 0
	var list []*variant
	begun := time.Now()
	for i := range count {
		variants, err := b.generated(uint64(from + i))
		if err != nil {
			if wrong++; testing.Verbose() && wrong <= 10 {
				t.Logf("seed %d makes no program: %v", from+i, err)
			}
		}
		list = append(list, variants...)
		if len(list) < batch && i < count-1 {
			continue
		}
		b.try(t, list)
		list = nil
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
			write(t, filepath.Join(dir, fmt.Sprintf("progress-%d", from)), fmt.Appendf(nil, "seeds %d to %d in %v, %d make no program\n%s", from, from+i, time.Since(begun).Round(time.Second), wrong, b))
		}
	}
	if wrong*4 > count {
		t.Errorf("%d of %d generated texts are no programs", wrong, count)
	}
	b.tell(t)
}

// generated are the variants of a seed's program.
func (b *bench) generated(seed uint64) ([]*variant, error) {
	defer b.forget()
	p := generate(seed)
	c, err := b.check(p.src, p.version)
	if err != nil {
		return nil, err
	}
	return b.variants(b.mutate(p, c, seed)), nil
}

// FuzzFixers tries programs of any seed, one by one.
func FuzzFixers(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		b := newBench(t, suite(t))
		list, err := b.generated(seed)
		if err != nil {
			t.Skip(err)
		}
		b.try(t, list)
		for _, f := range b.findings {
			t.Error(f)
		}
	})
}
