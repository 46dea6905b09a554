package engine

import (
	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/heapmap"
	"github.com/stackward-go/stackward/internal/recording"
)

// startSize is the metric of what a new goroutine's stack has.
const startSize = "/gc/stack/starting-size:bytes"

// startStacks are what new goroutines' stacks had up to a moment, 0 the end: by the
// runtime's own metric where the recording has it, else by the stacks that goroutines
// were seen to begin with, one of which may be tied to the wrong goroutine.
func startStacks(rec *recording.File, m *heapmap.Map, until int64) (list []alloc.StartStack) {
	if list = startMetric(rec, until); list != nil {
		return list
	}
	for _, s := range m.StartSizes() {
		list = append(list, alloc.StartStack{At: s.Time, Bytes: s.Bytes})
	}
	return list
}

// startMetric is the runtime's metric where it changes, up to a moment, 0 the end; nil
// where there is none. Rec may be nil.
func startMetric(rec *recording.File, until int64) (list []alloc.StartStack) {
	if rec == nil || rec.Start == nil {
		return nil
	}
	for _, s := range rec.Metrics {
		size, at := int64(s.Values[startSize]), max(0, s.Time-rec.Start.Time)
		if until > 0 && at > until {
			break
		}
		if size > 0 && (list == nil || list[len(list)-1].Bytes != size) {
			list = append(list, alloc.StartStack{At: at, Bytes: size})
		}
	}
	return list
}
