package linux

import "bytes"

func anywhere(s string) string {
	var b bytes.Buffer // want "take b from a pool"
	b.WriteString(s)   // want "take b from a pool"
	return b.String()
}

func bufferPool() {}
