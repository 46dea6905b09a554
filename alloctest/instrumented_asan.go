//go:build asan && !race && !msan

package alloctest

const instrumented = "-asan"
