package linux

import "bytes"

func too(s string) string {
	var b bytes.Buffer // want "take b from a pool"
	b.WriteString(s)   // want "take b from a pool"
	return b.String()
}

func other() (b bytes.Buffer) { return b }
