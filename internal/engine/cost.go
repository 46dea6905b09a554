package engine

import (
	"context"

	"github.com/stackward-go/stackward/alloc"
)

// Cost reports what the sites of a benchmark, test, command or profile cost.
func Cost(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	return nil, &Error{Msg: "cost: not in this version", Hint: "find and explain are"}
}
