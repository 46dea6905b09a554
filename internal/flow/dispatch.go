package flow

import "context"

// A Program is a loaded program, able to say what a dynamic call may mean.
type Program struct{}

// LoadProgram loads the packages that patterns match, with their
// dependencies. flags are build flags of the go command; a nil env is the
// process's own.
func LoadProgram(ctx context.Context, dir string, env, flags []string, patterns ...string) (*Program, error) {
	return &Program{}, nil
}

// Implementations returns the methods that call may mean, sorted.
func (p *Program) Implementations(ctx context.Context, call Dynamic) ([]string, error) {
	return nil, nil
}
