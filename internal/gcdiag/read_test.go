package gcdiag

import (
	"errors"
	"os"
	"strings"
	"testing"
)

func BenchmarkRead(b *testing.B) {
	data, err := os.ReadFile("/tmp/gd/corp/http.go1.27.0.txt")
	if err != nil {
		b.Skip(err)
	}
	b.SetBytes(int64(len(data)))
	unk := 0
	n := 0
	for b.Loop() {
		unk, n = 0, 0
		for d, err := range Read(strings.NewReader(string(data)), "/x") {
			if u, ok := errors.AsType[*Unknown](err); ok {
				if unk < 3 {
					b.Log(u)
				}
				unk++
				continue
			}
			_ = d
			n++
		}
	}
	b.Log(unk, n)
}
