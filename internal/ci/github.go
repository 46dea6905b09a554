package ci

import (
	"fmt"
	"io"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// What has a meaning in a workflow command, as actions/toolkit escapes it
// (packages/core/src/command.ts).
var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// GitHub writes workflow commands, which GitHub turns into annotations of the
// lines that a pull request changes.
func GitHub(w io.Writer, r *alloc.Report, path func(string) string) error {
	for _, f := range r.Findings {
		lines := append([]string{f.Message}, details(f, path)...)
		if err := annotate(w, f.Pos, path, "stackward: "+string(f.Rule), strings.Join(lines, "\n")); err != nil {
			return err
		}
	}
	for _, p := range r.Problems {
		if err := annotate(w, p.Pos, path, "stackward: not checked", problem(p)); err != nil {
			return err
		}
	}
	return nil
}

func annotate(w io.Writer, p alloc.Pos, path func(string) string, title, message string) error {
	var properties []string
	add := func(key, value string) {
		properties = append(properties, key+"="+escapeProperty.Replace(value))
	}
	if name := path(p.File); name != "" {
		add("file", name)
		if p.Line > 0 {
			add("line", fmt.Sprint(p.Line))
		}
		if p.Line > 0 && p.Col > 0 {
			add("col", fmt.Sprint(p.Col))
		}
	}
	add("title", title)
	_, err := fmt.Fprintf(w, "::error %s::%s\n", strings.Join(properties, ","), escapeData.Replace(message))
	if err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	return nil
}
