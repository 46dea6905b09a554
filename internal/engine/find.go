package engine

import (
	"context"
	"errors"

	"github.com/stackward-go/stackward/alloc"
)

// Find reports the heap allocation sites of packages.
func Find(ctx context.Context, req FindRequest) (*alloc.Report, error) {
	return nil, errors.New("find: not yet wired")
}

// Explain reports the sites at one place with their whole flow.
func Explain(ctx context.Context, req ExplainRequest) (*alloc.Report, error) {
	return nil, errors.New("explain: not yet wired")
}

// Cost reports what the sites of a benchmark, test, command or profile cost.
func Cost(ctx context.Context, req CostRequest) (*alloc.Report, error) {
	return nil, errors.New("cost: not yet wired")
}
