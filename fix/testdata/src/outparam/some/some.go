package some

import "strconv"

var kept [][]byte

func key(a int, s string) []byte {
	b := make([]byte, 0, 16) // want "let callers give key a slice on their stacks"
	b = strconv.AppendInt(b, int64(a), 10)
	return append(b, s...)
}

func sum(list []string, m map[string]int) (sum int) {
	kept = append(kept, key(0, "kept"))
	return m[string(key(1, "a"))]
}
