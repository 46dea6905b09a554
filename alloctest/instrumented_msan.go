//go:build msan && !race

package alloctest

const instrumented = "-msan"
