package heaprecord

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/stackward-go/stackward/internal/engine"
)

// Of internal/trace/tracev2 (go1.25 to go1.27).
const (
	evEventBatch        = 1
	evExperimentalBatch = 49
	evEndOfGeneration   = 52
	allocFree           = 1 // experiment
	maxBatch            = 64 << 10
	traceHeader         = 16 // bytes: "go 1.26 trace\x00\x00\x00"
)

// errNoAllocations says that a trace has no events of allocations.
var errNoAllocations = errors.New("the trace has no events of allocations")

// checkTrace reads r up to the first batch of allocations. It fails if there is
// none in the first generation, where one is even if nothing was allocated
// (runtime/traceallocfree.go, traceSnapshotMemory), or if r, which name stands for,
// is no trace.
func checkTrace(r io.Reader, name string) error {
	br := bufio.NewReaderSize(r, maxBatch)
	head := make([]byte, traceHeader)
	if _, err := io.ReadFull(br, head); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	var major, minor int
	if n, _ := fmt.Sscanf(string(head), "go %d.%d trace\x00", &major, &minor); n != 2 || !strings.Contains(string(head), " trace\x00") {
		return &engine.Error{Msg: name + " is no execution trace", Usage: true, Hint: "one is what runtime/trace, go test -trace and /debug/pprof/trace write"}
	}
	if minor < 23 {
		return &engine.Error{Msg: fmt.Sprintf("%s is a trace of go1.%d, which has no events of allocations", name, minor), Hint: "record with go1.25 or newer"}
	}
	err := batches(br)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errNoAllocations
	}
	if errors.Is(err, errNoAllocations) {
		return &engine.Error{Msg: name + " has no events of allocations", Hint: "trace a process that was started with GODEBUG=traceallocfree=1"}
	}
	if err != nil {
		return &engine.Error{Msg: fmt.Sprintf("reading %s: %v", name, err)}
	}
	return nil
}

// batches reads batches up to the first of allocations.
func batches(br *bufio.Reader) error {
	first := uint64(0)
	for {
		kind, err := br.ReadByte()
		if err != nil {
			return err
		}
		exp := byte(0)
		switch kind {
		case evEventBatch:
		case evExperimentalBatch:
			if exp, err = br.ReadByte(); err != nil {
				return err
			}
		case evEndOfGeneration:
			return errNoAllocations
		default:
			return fmt.Errorf("no batch begins with %d", kind)
		}
		if exp == allocFree {
			return nil
		}
		var f [4]uint64 // generation, thread, time, size
		for i := range f {
			if f[i], err = binary.ReadUvarint(br); err != nil {
				return err
			}
		}
		if first == 0 {
			first = f[0]
		}
		if f[0] != first {
			return errNoAllocations
		}
		if f[3] > maxBatch {
			return fmt.Errorf("a batch of %d bytes", f[3])
		}
		if _, err := br.Discard(int(f[3])); err != nil {
			return err
		}
	}
}
