//go:build !race

package offheap

const underRace = false
