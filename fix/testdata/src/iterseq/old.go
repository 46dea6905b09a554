//go:build go1.21

package iterseq

import "strings"

func old(s string) {
	for _, w := range strings.Split(s, ",") { // refuse "strings.SplitSeq came with go1.24, and the file is older"
		use(w)
	}
}
