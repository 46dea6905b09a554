package compare

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary be a server that is none: what SERVER says.
func TestMain(m *testing.M) {
	switch os.Getenv("SERVER") {
	case "silent":
		os.Exit(0)
	case "chatty":
		os.Stdout.WriteString("hello\n")
		time.Sleep(time.Minute)
	case "nowhere":
		os.Stdout.WriteString(Ready + "127.0.0.1:1\n")
		time.Sleep(time.Minute)
	default:
		os.Exit(m.Run())
	}
}

// TestBadServer checks that a server that does not start is an error, and that
// nobody waits for it.
func TestBadServer(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for server, want := range map[string]string{"silent": `said ""`, "chatty": `said "hello\n"`, "nowhere": "refused"} {
		if _, err := startServer(context.Background(), []string{exe}, "SERVER="+server); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", server, err, want)
		}
	}
	if _, err := startServer(context.Background(), []string{"/does/not/exist"}); err == nil {
		t.Error("no error where there is no such command")
	}
}

func TestMedians(t *testing.T) {
	got := medians([]map[string]float64{{"a": 1, "b": 1}, {"a": 30, "b": 2}, {"a": 2, "b": 4}, {"a": 3, "b": 8}})
	if got["a"] != 2.5 || got["b"] != 3 {
		t.Errorf("got %v", got)
	}
	if got := medians([]map[string]float64{{"a": 5}, {"a": 1}, {"a": 2}}); got["a"] != 2 {
		t.Errorf("got %v", got)
	}
}

func TestTables(t *testing.T) {
	results := []Result{{Variant: Variant{Name: "A"}, Values: map[string]float64{}}, {Variant: Variant{Name: "B"}, Values: map[string]float64{}}}
	for i, m := range metrics {
		results[0].Values[m.name] = float64(i)
		results[1].Values[m.name] = float64(10 * i)
	}
	var text, markdown bytes.Buffer
	if err := WriteText(&text, results); err != nil {
		t.Fatal(err)
	}
	if err := WriteMarkdown(&markdown, results); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^ {30,}A +B +B / A$`,
		`(?m)^throughput, closed loop, op/s +0 +0 +-$`,
		`(?m)^latency p99, µs +4 +40 +10$`,
		`(?m)^entries, 1000 +13 +130$`,
	} {
		if !regexp.MustCompile(want).Match(text.Bytes()) {
			t.Errorf("no match of %s in\n%s", want, &text)
		}
	}
	for _, want := range []string{
		"|  | A | B | B / A |\n| --- | --: | --: | --: |\n",
		"| latency p99, µs | 4 | 40 | 10 |\n",
	} {
		if !strings.Contains(markdown.String(), want) {
			t.Errorf("no %q in\n%s", want, &markdown)
		}
	}
}
