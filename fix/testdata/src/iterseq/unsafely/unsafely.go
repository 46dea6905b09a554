package unsafely

import (
	"strings"
	"unsafe"
)

func change(b []byte) (n int) {
	for _, w := range strings.Split(unsafe.String(&b[0], len(b)), ",") { // refuse "package unsafe may change the text while the loop looks for the next part"
		b[len(b)-1] = ','
		n += len(w)
	}
	return n
}
