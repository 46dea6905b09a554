module github.com/stackward-go/stackward/offheap/examples/cacheserver

go 1.25.0

replace github.com/stackward-go/stackward/offheap => ../..

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/stackward-go/stackward/offheap v0.0.0-00010101000000-000000000000
)

require golang.org/x/sys v0.47.0 // indirect
