//go:build !unix

package process

import "time"

func rusage() (cpu time.Duration, peak int64) { return 0, 0 }
