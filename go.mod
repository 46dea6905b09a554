module github.com/stackward-go/stackward

go 1.26.0
