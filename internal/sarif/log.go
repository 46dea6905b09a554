package sarif

import "github.com/stackward-go/stackward/alloc"

// The objects of SARIF 2.1.0 that are written, each with the properties that are.

type document struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []*run `json:"runs"`
}

type run struct {
	Tool        tool                 `json:"tool"`
	Invocations []*invocation        `json:"invocations"`
	BaseIDs     map[string]*artifact `json:"originalUriBaseIds"`
	ColumnKind  string               `json:"columnKind"`
	Results     []*result            `json:"results"`
}

type tool struct {
	Driver component `json:"driver"`
}

type component struct {
	Name           string        `json:"name"`
	Version        string        `json:"version,omitempty"`
	InformationURI string        `json:"informationUri"`
	Rules          []*descriptor `json:"rules"`
}

type descriptor struct {
	ID            string         `json:"id"`
	Short         message        `json:"shortDescription"`
	Help          message        `json:"help"`
	HelpURI       string         `json:"helpUri"`
	Configuration *configuration `json:"defaultConfiguration"`
}

type configuration struct {
	Level string `json:"level"`
}

type message struct {
	Text     string `json:"text"`
	Markdown string `json:"markdown,omitempty"`
}

type invocation struct {
	ExecutionSuccessful bool            `json:"executionSuccessful"`
	Notifications       []*notification `json:"toolExecutionNotifications,omitempty"`
}

type notification struct {
	Level     string      `json:"level"`
	Message   message     `json:"message"`
	Locations []*location `json:"locations,omitempty"`
}

type result struct {
	Rule         string            `json:"ruleId"`
	Index        int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      message           `json:"message"`
	Locations    []*location       `json:"locations,omitempty"`
	CodeFlows    []*codeFlow       `json:"codeFlows,omitempty"`
	Related      []*location       `json:"relatedLocations,omitempty"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   *properties       `json:"properties,omitempty"`
}

// properties are stackward's own, in SARIF's property bag.
type properties struct {
	Site  string      `json:"site,omitempty"`
	Kind  alloc.Kind  `json:"kind,omitempty"`
	Cause alloc.Cause `json:"cause,omitempty"`
	Was   float64     `json:"was,omitempty"`
	Is    float64     `json:"is,omitempty"`
	Unit  string      `json:"unit,omitempty"`
}

type codeFlow struct {
	ThreadFlows []*threadFlow `json:"threadFlows"`
}

type threadFlow struct {
	Message   message         `json:"message"`
	Locations []*flowLocation `json:"locations"`
}

type flowLocation struct {
	Location   *location `json:"location"`
	Importance string    `json:"importance,omitempty"`
}

type location struct {
	Physical *physical `json:"physicalLocation,omitempty"`
	Logical  []logical `json:"logicalLocations,omitempty"`
	Message  *message  `json:"message,omitempty"`
}

type physical struct {
	Artifact *artifact `json:"artifactLocation"`
	Region   *region   `json:"region,omitempty"`
}

type artifact struct {
	URI         string   `json:"uri,omitempty"`
	Base        string   `json:"uriBaseId,omitempty"`
	Description *message `json:"description,omitempty"`
}

type region struct {
	Line   int `json:"startLine"`
	Column int `json:"startColumn,omitempty"`
}

type logical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}
