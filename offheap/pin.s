//go:build !nolinkname

// The bodies of procPin and procUnpin are in the runtime. That this file exists
// lets the compiler take declarations without a body.
