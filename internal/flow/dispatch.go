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

// Targets returns what call may mean.
func (p *Program) Targets(ctx context.Context, call Dynamic) (Targets, error) {
	return Targets{}, nil
}
