module github.com/stackward-go/stackward/alloctest

go 1.24.0
