package load

import (
	"syscall"
	"time"
)

// sleep sleeps in a thread of its own: the runtime's timers wake up to a
// millisecond late on Linux where nothing else is to be done, since they use
// epoll_wait.
func sleep(d time.Duration) {
	t := syscall.NsecToTimespec(int64(d))
	syscall.Nanosleep(&t, nil) // if it is interrupted, the command is sent early
}
