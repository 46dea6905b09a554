package ci

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/stackward-go/stackward/alloc"
)

// shown is how many findings a summary tells of. GitHub refuses summaries over
// 1 MiB, and comments over 64 KiB.
const shown = 50

// Markdown writes a summary for a pull request: a table of findings, what led to
// each folded below it, what could not be checked, and the contracts.
func Markdown(w io.Writer, r *alloc.Report, path func(string) string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "### stackward check: %s\n\n", conclusion(r))
	if len(r.Problems) > 0 {
		b.WriteString("Not all could be checked:\n\n")
		for _, p := range r.Problems {
			b.WriteString("- ")
			if at := place(p.Pos, path); at != "" {
				b.WriteString(code(at) + " ")
			}
			b.WriteString(code(problem(p)) + "\n")
		}
		b.WriteString("\n")
	}
	findings(&b, r.Findings[:min(shown, len(r.Findings))], path)
	if more := len(r.Findings) - shown; more > 0 {
		fmt.Fprintf(&b, "… and %d more.\n\n", more)
	}
	contracts(&b, r.Contracts, path)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing summary: %w", err)
	}
	return nil
}

// conclusion is the report in a few words.
func conclusion(r *alloc.Report) string {
	var parts []string
	if len(r.Findings) > 0 {
		parts = append(parts, count(len(r.Findings), "finding"))
	}
	if len(r.Problems) > 0 {
		parts = append(parts, count(len(r.Problems), "problem"))
	}
	if parts == nil {
		return "clean"
	}
	return strings.Join(parts, ", ")
}

func findings(b *bytes.Buffer, list []*alloc.Finding, path func(string) string) {
	if len(list) == 0 {
		return
	}
	b.WriteString("| where | what | rule |\n| --- | --- | --- |\n")
	for _, f := range list {
		fmt.Fprintf(b, "| %s | %s | %s |\n", code(place(f.Pos, path)), code(f.Message), code(string(f.Rule)))
	}
	b.WriteString("\n")
	for _, f := range list {
		if lines := details(f, path); len(lines) > 0 {
			fold(b, f.Message, lines)
		}
	}
}

// contracts counts the verdicts, and tells what those that are assumed rest on.
func contracts(b *bytes.Buffer, list []*alloc.Contract, path func(string) string) {
	if len(list) == 0 {
		return
	}
	verdicts := make(map[alloc.ContractVerdict]int)
	assumptions := 0
	var lines []string
	for _, c := range list {
		verdicts[c.Verdict]++
		assumptions += len(c.Assumptions)
		if len(c.Assumptions) > 0 {
			lines = append(lines, c.Func+" "+c.Directive)
		}
		for _, a := range c.Assumptions {
			lines = append(lines, "  "+located(a.Pos, path, a.Text))
		}
	}
	fmt.Fprintf(b, "%s: %d kept, %d assumed, %d broken.\n\n", count(len(list), "contract"), verdicts[alloc.Kept], verdicts[alloc.Assumed], verdicts[alloc.Broken])
	if len(lines) > 0 {
		fold(b, count(assumptions, "assumption"), lines[:min(len(lines), 4*shown)])
		if more := len(lines) - 4*shown; more > 0 {
			fmt.Fprintf(b, "… and %d lines more.\n\n", more)
		}
	}
}

// fold writes lines that show when their title is clicked.
func fold(b *bytes.Buffer, title string, lines []string) {
	text := strings.Join(lines, "\n")
	fence := strings.Repeat("`", max(3, 1+longest(text, '`')))
	fmt.Fprintf(b, "<details><summary>%s</summary>\n\n%stext\n%s\n%s\n\n</details>\n\n", code(title), fence, text, fence)
}

// literal has what Markdown, and a table's cell, give a meaning.
var literal = func() *strings.Replacer {
	pairs := []string{"\r\n", " ", "\n", " ", "\r", " "}
	for _, c := range "\\`*_[]<>|~&\"$" {
		pairs = append(pairs, string(c), fmt.Sprintf("&#%d;", c))
	}
	return strings.NewReplacer(pairs...)
}()

// code is text that shows as it is, on one line. References by number take the
// meaning from what would have one, and in an element of code no server looks for
// names and issues.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + literal.Replace(s) + "</code>"
}

// longest is the length of the longest run of c in s.
func longest(s string, c rune) int {
	n, run := 0, 0
	for _, x := range s {
		if run++; x != c {
			run = 0
		}
		n = max(n, run)
	}
	return n
}
