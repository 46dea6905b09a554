//go:build race

package alloctest

const instrumented = "-race"
