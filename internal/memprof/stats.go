package memprof

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// Stats reads the counters of a process off its heap profile in text, as
// /debug/pprof/heap?debug=1 has them (runtime/pprof/pprof.go, writeHeapInternal,
// go1.24 to go1.27). What the text does not tell is 0.
func Stats(text string) (*runtime.MemStats, error) {
	_, text, ok := strings.Cut(text, "# runtime.MemStats\n")
	if !ok {
		return nil, errors.New("it does not tell runtime.MemStats")
	}
	fields := make(map[string]json.Number)
	for _, f := range statsLine.FindAllStringSubmatch(text, -1) {
		name, value, second := f[1], json.Number(f[2]), json.Number(f[3])
		if second == "" {
			fields[name] = value
			continue
		}
		fields[name+"Inuse"], fields[name+"Sys"] = value, second // Stack, MSpan, MCache
	}
	data, err := json.Marshal(fields)
	m := new(runtime.MemStats)
	if err == nil {
		err = json.Unmarshal(data, m) // the names are those of the struct
	}
	if err != nil {
		return nil, fmt.Errorf("its runtime.MemStats: %w", err)
	}
	return m, nil
}

var statsLine = regexp.MustCompile(`(?m)^# ([A-Z]\w+) = ([0-9][0-9.e+-]*)(?: / ([0-9]+))?$`)
