module github.com/stackward-go/stackward/heapz

go 1.24.0
