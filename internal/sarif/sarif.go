// Package sarif writes the findings of a report in SARIF 2.1.0, the static
// analysis results interchange format of OASIS, which code scanning, editors and
// build servers read.
//
//	Report → a log with one run: rules, results, invocation → JSON
package sarif

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/stackward-go/stackward/alloc"
)

// Options say what a report does not know.
type Options struct {
	Version string // of stackward, "" unknown
	// Path is a file's place in the repository, absolute outside of it.
	Path func(file string) string
	// Line is the text of a source line, "" where it cannot be read.
	Line func(file string, line int) string
	// Cause is the page about a cause.
	Cause func(alloc.Cause) (string, bool)
}

const (
	schema     = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	home       = "https://github.com/stackward-go/stackward"
	sourceRoot = "SRCROOT"
)

// Write writes a report's findings and problems.
func Write(w io.Writer, r *alloc.Report, opt Options) error {
	e := &encoder{opt: opt, seen: make(map[string]int)}
	log := &run{
		Tool:        tool{Driver: component{Name: "stackward", Version: opt.Version, InformationURI: home}},
		Invocations: []*invocation{{ExecutionSuccessful: len(r.Problems) == 0}},
		BaseIDs: map[string]*artifact{sourceRoot: {
			Description: &message{Text: "The root of the repository, or of the main module where there is no repository."},
		}},
		ColumnKind: "utf16CodeUnits",
		Results:    make([]*result, 0, len(r.Findings)), // a null would say that nothing was looked at
	}
	for _, rule := range alloc.Rules {
		log.Tool.Driver.Rules = append(log.Tool.Driver.Rules, e.rule(rule, r.Findings))
	}
	for _, f := range r.Findings {
		log.Results = append(log.Results, e.result(f))
	}
	for _, p := range r.Problems {
		log.Invocations[0].Notifications = append(log.Invocations[0].Notifications, e.notification(p))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(&document{Schema: schema, Version: "2.1.0", Runs: []*run{log}}); err != nil {
		return fmt.Errorf("writing SARIF: %w", err)
	}
	return nil
}

type encoder struct {
	opt  Options
	seen map[string]int // fingerprints
}

// meaning is what each rule asks.
var meaning = map[alloc.Rule]string{
	alloc.RuleNoalloc:  "A function under //stackward:noalloc allocates on the heap.",
	alloc.RuleAllocs:   "A function under //stackward:allocs<=N allocates more often.",
	alloc.RuleStack:    "What is under //stackward:stack is on the heap.",
	alloc.RuleIgnore:   "An //stackward:ignore is not needed.",
	alloc.RuleContract: "A directive says nothing: it is misspelled, or at the wrong place.",
	alloc.RuleNewSite:  "An expression allocates that the baseline, or the other revision, does not have.",
	alloc.RuleCost:     "A site costs more than the baseline allows.",
	alloc.RuleBudget:   "A benchmark is over its budget.",
	alloc.RuleMissing:  "What the baseline has is gone, and was not checked.",
}

// rule describes a rule. Its help has the pages of the causes that its findings
// have.
func (e *encoder) rule(rule alloc.Rule, findings []*alloc.Finding) *descriptor {
	help := meaning[rule] + "\n\n"
	for _, c := range alloc.Causes {
		if !slices.ContainsFunc(findings, func(f *alloc.Finding) bool { return f.Rule == rule && f.Cause == c }) {
			continue
		}
		if page, ok := e.opt.Cause(c); ok {
			help += page + "\n"
		}
	}
	help = braces.Replace(strings.TrimRight(help, "\n")) // its links are meant
	return &descriptor{
		ID: string(rule), Short: message{Text: meaning[rule]}, Help: message{Text: help, Markdown: help},
		HelpURI: home + "/blob/main/docs/check.md#what-it-finds", Configuration: &configuration{Level: "error"},
	}
}

func (e *encoder) result(f *alloc.Finding) *result {
	out := &result{
		Rule: string(f.Rule), Index: slices.Index(alloc.Rules, f.Rule), Level: "error", Message: message{Text: escape(f.Message)},
		Fingerprints: map[string]string{"stackward/v1": e.fingerprint(f)},
		Properties:   &properties{Site: f.Site, Kind: f.Kind, Cause: f.Cause, Was: f.Was, Is: f.Is, Unit: f.Unit},
	}
	if *out.Properties == (properties{}) {
		out.Properties = nil
	}
	in := "" // the function that it stands in, which need not be that of the promise
	if n := len(f.Chain); n > 0 {
		in = f.Chain[n-1].Func
	}
	if at := e.location(f.Pos, in, ""); at != nil {
		out.Locations = []*location{at}
	}
	// Viewers show one thread of a code flow: the calls and the flow are two.
	if len(f.Chain) > 1 {
		out.CodeFlows = append(out.CodeFlows, e.codeFlow("the calls from the function under contract", f.Chain, nil))
	}
	if len(f.Flow) > 0 {
		out.CodeFlows = append(out.CodeFlows, e.codeFlow("how the value reaches the heap", f.Flow, f.Cut))
	}
	if f.Cut != nil {
		if at := e.location(f.Cut.Pos, f.Cut.Func, "cut: "+f.Cut.Text); at != nil {
			out.Related = []*location{at}
		}
	}
	return out
}

// fingerprint names a finding by what stays while lines move: the site's id, or
// the message where there is none. Equal ones are counted.
func (e *encoder) fingerprint(f *alloc.Finding) string {
	what := f.Site
	if what == "" {
		what = f.Message
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(f.Rule), f.Func, what}, "\x00")))
	id := fmt.Sprintf("%x", sum[:16])
	e.seen[id]++
	return fmt.Sprintf("%s:%d", id, e.seen[id])
}

func (e *encoder) codeFlow(title string, steps []alloc.Step, cut *alloc.Step) *codeFlow {
	t := &threadFlow{Message: message{Text: title}}
	for _, s := range steps {
		at := e.location(s.Pos, s.Func, s.Step+": "+s.Text)
		if at == nil {
			at = &location{Message: &message{Text: escape(s.Step + ": " + s.Text)}}
		}
		step := &flowLocation{Location: at}
		if cut != nil && s.Pos == cut.Pos && s.Text == cut.Text {
			step.Importance = "essential"
		}
		t.Locations = append(t.Locations, step)
	}
	return &codeFlow{ThreadFlows: []*threadFlow{t}}
}

func (e *encoder) notification(p *alloc.Problem) *notification {
	text := p.Message
	if p.Package != "" {
		text = p.Package + ": " + text
	}
	if p.Hint != "" {
		text += "\n\n" + p.Hint
	}
	out := &notification{Level: "error", Message: message{Text: escape(text)}}
	if at := e.location(p.Pos, "", ""); at != nil {
		out.Locations = []*location{at}
	}
	return out
}

// location is a place in the source, nil where there is no file.
func (e *encoder) location(p alloc.Pos, function, text string) *location {
	if p.File == "" {
		return nil
	}
	at := &location{Physical: &physical{Artifact: e.artifact(p.File)}}
	if p.Line > 0 {
		at.Physical.Region = &region{Line: p.Line, Column: e.column(p)}
	}
	if function != "" {
		at.Logical = []logical{{Name: function, Kind: "function"}}
	}
	if text != "" {
		at.Message = &message{Text: escape(text)}
	}
	return at
}

// artifact names a file: below the root, or by an absolute URI.
func (e *encoder) artifact(file string) *artifact {
	name := e.opt.Path(file)
	drive := len(name) > 1 && name[1] == ':'
	if !path.IsAbs(name) && !drive {
		return &artifact{URI: (&url.URL{Path: name}).String(), Base: sourceRoot}
	}
	if drive {
		name = "/" + name
	}
	return &artifact{URI: (&url.URL{Scheme: "file", Path: name}).String()}
}

// column counts in UTF-16 code units, as [run.ColumnKind] says, what a report
// counts in bytes; 0 is unknown.
func (e *encoder) column(p alloc.Pos) int {
	line := e.opt.Line(p.File, p.Line)
	if p.Col == 0 || p.Col-1 > len(line) {
		return p.Col
	}
	return len(utf16.Encode([]rune(line[:p.Col-1]))) + 1
}

// What has a meaning in a message (SARIF 2.1.0, 3.11.5 and 3.11.6): placeholders,
// and links, which Map[int](x) looks like.
var (
	braces = strings.NewReplacer("{", "{{", "}", "}}")
	marks  = strings.NewReplacer("{", "{{", "}", "}}", "](", `\](`)
)

// escape makes a message of text.
func escape(s string) string { return marks.Replace(s) }
