package heaprecord

import (
	"errors"
	"fmt"
	"io"

	"github.com/stackward-go/stackward/internal/alloctrace"
	"github.com/stackward-go/stackward/internal/engine"
)

// checkTrace reads r, which name stands for, until it is known whether it is a trace
// with events of allocations, and fails if it is not.
func checkTrace(r io.Reader, name string) error {
	has, version, err := alloctrace.HasAllocs(r)
	if _, ok := errors.AsType[*alloctrace.Error](err); ok {
		return &engine.Error{Msg: name + " is no execution trace", Usage: true, Hint: "one is what runtime/trace, go test -trace and /debug/pprof/trace write"}
	}
	switch {
	case err != nil:
		return &engine.Error{Msg: "reading " + name, Err: err}
	case version < alloctrace.FirstWithAllocs:
		return &engine.Error{Msg: fmt.Sprintf("%s is a trace of go1.%d, which has no events of allocations", name, version), Hint: "record with go1.24 or newer"}
	case !has:
		return &engine.Error{Msg: name + " has no events of allocations", Hint: "trace a process that was started with GODEBUG=traceallocfree=1"}
	}
	return nil
}
