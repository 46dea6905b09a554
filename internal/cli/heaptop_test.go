package cli

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"
)

// TestTopInterrupted: who has seen nothing when it ends is told so.
func TestTopInterrupted(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0") // takes questions, and does not answer
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	var stdout, stderr strings.Builder
	if status := Main(ctx, []string{"heap", "top", "-n", "1", "http://" + l.Addr().String()}, nil, &stdout, &stderr); status == 0 || stderr.String() != "stackward: interrupted\n" || stdout.Len() > 0 {
		t.Errorf("status %d\n%s%s", status, &stdout, &stderr)
	}
}
