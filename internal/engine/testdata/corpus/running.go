package corpus

import (
	"context"
	"math/rand"
	"sync"
	"sync/atomic"
	"time"
)

// Packages time, context, sync.

//stackward:noalloc
//go:noinline
func Now() int64 { return time.Now().UnixNano() }

var _ = drive("Now", func(i int) { Now() })

//stackward:noalloc
//go:noinline
func Elapsed(t time.Time) time.Duration { return time.Since(t) }

var aTime = time.Unix(1e9, 0).UTC()

var _ = drive("Elapsed", func(i int) { Elapsed(aTime) })

//stackward:noalloc
//go:noinline
func FormatTime(t time.Time) string { return t.Format(time.RFC3339) }

var _ = drive("FormatTime", func(i int) { FormatTime(aTime) })

//stackward:noalloc
//go:noinline
func AppendTime(b []byte, t time.Time) []byte { return t.AppendFormat(b, time.RFC3339) }

var times []byte

var _ = drive("AppendTime", func(i int) { times = AppendTime(times[:0], aTime) })

//stackward:noalloc
//go:noinline
func ParseTime(s string) int { t, _ := time.Parse(time.RFC3339, s); return t.Year() }

var _ = drive("ParseTime", func(i int) { ParseTime("2006-01-02T15:04:05Z") })

//stackward:noalloc
//go:noinline
func TextOfDuration(d time.Duration) string { return d.String() }

var _ = drive("TextOfDuration", func(i int) { TextOfDuration(time.Duration(i) * time.Millisecond) })

//stackward:noalloc
//go:noinline
func AddTime(t time.Time, i int) int { return t.Add(time.Duration(i)).AddDate(0, 1, 0).Day() }

var _ = drive("AddTime", func(i int) { AddTime(aTime, i) })

//stackward:noalloc
//go:noinline
func Timer() bool { return time.NewTimer(time.Hour).Stop() }

var _ = drive("Timer", func(i int) { Timer() })

//stackward:noalloc
//go:noinline
func TimerReset(t *time.Timer) { t.Reset(time.Hour); t.Stop() }

var aTimer = time.NewTimer(time.Hour)

var _ = drive("TimerReset", func(i int) { TimerReset(aTimer) })

//stackward:noalloc
//go:noinline
func Background() context.Context { return context.Background() }

var _ = drive("Background", func(i int) { Background() })

//stackward:noalloc
//go:noinline
func Cancel(ctx context.Context) { _, cancel := context.WithCancel(ctx); cancel() }

var _ = drive("Cancel", func(i int) { Cancel(context.Background()) })

type ctxKey struct{}

//stackward:noalloc
//go:noinline
func WithValue(ctx context.Context, t *T) context.Context { return context.WithValue(ctx, ctxKey{}, t) }

var _ = drive("WithValue", func(i int) { WithValue(context.Background(), value(i)) })

//stackward:noalloc
//go:noinline
func ValueOf(ctx context.Context) *T { t, _ := ctx.Value(ctxKey{}).(*T); return t }

var aContext = context.WithValue(context.Background(), ctxKey{}, &values[0])

var _ = drive("ValueOf", func(i int) { ValueOf(aContext) })

//stackward:noalloc
//go:noinline
func ContextErr(ctx context.Context) error { return ctx.Err() }

var _ = drive("ContextErr", func(i int) { ContextErr(aContext) })

//stackward:noalloc
//go:noinline
func Locked(i int) int {
	mu.Lock()
	n := i + 1
	mu.Unlock()
	return n
}

var _ = drive("Locked", func(i int) { Locked(i) })

var rw sync.RWMutex

//stackward:noalloc
//go:noinline
func ReadLocked(m map[int]int, i int) int {
	rw.RLock()
	defer rw.RUnlock()
	return m[i]
}

var _ = drive("ReadLocked", func(i int) { ReadLocked(counts, i) })

type lazy struct {
	once sync.Once
	v    *T
}

//stackward:noalloc
//go:noinline
func (l *lazy) Get(i int) *T {
	l.once.Do(func() { l.v = &T{A: 1} })
	return l.v
}

var aLazy lazy

var _ = drive("(*lazy).Get", func(i int) { aLazy.Get(i) })

//stackward:noalloc
//go:noinline
func OnceLocal(i int) int {
	var o sync.Once
	o.Do(func() { keepT = &T{A: i} })
	return i
}

var _ = drive("OnceLocal", func(i int) { OnceLocal(i) })

var onceValue = sync.OnceValue(func() *T { return new(T) })

//stackward:noalloc
//go:noinline
func OnceValue() *T { return onceValue() }

var _ = drive("OnceValue", func(i int) { OnceValue() })

var pool = sync.Pool{New: func() any { return new(T) }}

//stackward:noalloc
//go:noinline
func Pooled(i int) int {
	t := pool.Get().(*T)
	t.A = i
	n := t.A
	pool.Put(t)
	return n
}

var _ = drive("Pooled", func(i int) { Pooled(i) })

//stackward:noalloc
//go:noinline
func PooledNever(i int) int { return pool.Get().(*T).A }

var _ = drive("PooledNever", func(i int) { PooledNever(i) })

var slicePool = sync.Pool{New: func() any { return make([]byte, 0, 64) }}

//stackward:noalloc
//go:noinline
func PooledSlice(i int) int {
	b := slicePool.Get().([]byte)
	n := cap(b)
	slicePool.Put(b)
	return n
}

var _ = drive("PooledSlice", func(i int) { PooledSlice(i) })

var syncMap sync.Map

//stackward:noalloc
//go:noinline
func SyncMapLoad(t *T) bool { _, ok := syncMap.Load(t); return ok }

var _ = drive("SyncMapLoad", func(i int) { SyncMapLoad(value(i)) })

//stackward:noalloc
//go:noinline
func SyncMapStore(t *T) { syncMap.Store(t, t) }

var _ = drive("SyncMapStore", func(i int) { SyncMapStore(value(i)) })

//stackward:noalloc
//go:noinline
func SyncMapLoadInt(i int) bool { _, ok := syncMap.Load(i); return ok }

var _ = drive("SyncMapLoadInt", func(i int) { SyncMapLoadInt(i) })

//stackward:noalloc
//go:noinline
func WaitLocal(i int) { var wg sync.WaitGroup; wg.Add(1); wg.Done(); wg.Wait() }

var _ = drive("WaitLocal", func(i int) { WaitLocal(i) })

//stackward:noalloc
//go:noinline
func WaitGo(i int) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Done() }()
	wg.Wait()
}

var _ = drive("WaitGo", func(i int) { WaitGo(i) })

var total64 atomic.Int64

//stackward:noalloc
//go:noinline
func AtomicAdd(i int) int64 { return total64.Add(int64(i)) }

var _ = drive("AtomicAdd", func(i int) { AtomicAdd(i) })

var current atomic.Pointer[T]

//stackward:noalloc
//go:noinline
func AtomicSwap(t *T) *T { return current.Swap(t) }

var _ = drive("AtomicSwap", func(i int) { AtomicSwap(value(i)) })

//stackward:noalloc
//go:noinline
func AtomicPublish(i int) { current.Store(&T{A: i}) }

var _ = drive("AtomicPublish", func(i int) { AtomicPublish(i) })

var config atomic.Value

//stackward:noalloc
//go:noinline
func AtomicLoad() *T { t, _ := config.Load().(*T); return t }

var _ = drive("AtomicLoad", func(i int) { AtomicLoad() })

//stackward:noalloc
//go:noinline
func AtomicValue(i int) { config.Store(i) }

var _ = drive("AtomicValue", func(i int) { AtomicValue(i) })

//stackward:noalloc
//go:noinline
func Random(i int) int { return rand.Intn(size(i) + 1) }

var _ = drive("Random", func(i int) { Random(i) })

//stackward:noalloc
//go:noinline
func RandomSource(i int) int { return rand.New(rand.NewSource(int64(i))).Int() }

var _ = drive("RandomSource", func(i int) {
	if i < 8 {
		RandomSource(i)
	}
})
