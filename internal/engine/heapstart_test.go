package engine

import (
	"slices"
	"testing"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/recording"
)

func TestStartMetric(t *testing.T) {
	t.Parallel()
	const began = 1_000_000
	samples := func(sizes ...float64) *recording.File {
		rec := &recording.File{Start: &recording.Start{Time: began}}
		for i, size := range sizes {
			s := recording.Sample{Time: began + int64(i)*100, Values: map[string]float64{"/gc/heap/live:bytes": 7}}
			if size > 0 {
				s.Values["/gc/stack/starting-size:bytes"] = size
			}
			rec.Metrics = append(rec.Metrics, s)
		}
		return rec
	}
	early := samples(2048)
	early.Metrics[0].Time = began - 5
	tests := []struct {
		name  string
		rec   *recording.File
		until int64
		want  []alloc.StartStack
	}{
		{"a trace alone", nil, 0, nil},
		{"cut off before its start", &recording.File{Metrics: samples(2048).Metrics}, 0, nil},
		{"no metrics", samples(), 0, nil},
		{"without this one", samples(0, 0), 0, nil},
		{"the same all along", samples(2048, 2048, 2048), 0, []alloc.StartStack{{At: 0, Bytes: 2048}}},
		{"changes", samples(2048, 2048, 4096, 4096, 2048), 0, []alloc.StartStack{{At: 0, Bytes: 2048}, {At: 200, Bytes: 4096}, {At: 400, Bytes: 2048}}},
		{"up to a moment", samples(2048, 4096, 8192), 150, []alloc.StartStack{{At: 0, Bytes: 2048}, {At: 100, Bytes: 4096}}},
		{"later than a moment", samples(0, 4096), 50, nil},
		{"a sample before the start", early, 0, []alloc.StartStack{{At: 0, Bytes: 2048}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := startMetric(tt.rec, tt.until); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
