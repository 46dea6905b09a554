// Package load is clients of a cache: it fills one, and measures what it can do.
//
// Which keys are asked for, and how long the values are, follows from Zipf
// distributions and a seed. Values say which key they belong to, so each reply
// is checked.
package load

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/stackward-go/stackward/offheap/examples/cacheserver/internal/resp"
)

// Workload is what clients ask for.
type Workload struct {
	Entries int     // keys that there are
	Skew    float64 // exponent of the Zipf distribution of keys, above 1
	Writes  float64 // share of SET
	Deletes float64 // share of DEL
	TTLs    float64 // share of the SETs that expire
	TTL     time.Duration
	Seed    uint64
}

// Sizes of values: minValue bytes and a Zipf distribution on top, of which most
// is short and some is long. The mean is about 200.
const (
	minValue   = 32
	maxValue   = 8 << 10
	sizeSkew   = 2.5
	sizeOffset = 120
)

// headBytes is what a value begins with: the number of its key and its length.
const headBytes = 12

// filler is what values end with: bytes that do not compress.
var filler = func() []byte {
	b := make([]byte, maxValue)
	for i, rng := 0, rand.New(rand.NewPCG(1, 2)); i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], rng.Uint64())
	}
	return b
}()

// A verb is a kind of command.
type verb uint8

const (
	get verb = iota
	set
	del
)

// An op is a command.
type op struct {
	verb verb
	key  uint64
}

// A source is what one client asks for. It is not for use by several goroutines,
// apart from missed.
type source struct {
	w     Workload
	rng   *rand.Rand
	keys  *rand.Zipf
	sizes *rand.Zipf

	// missed is keys that had no value. They are set next, as a program does
	// that has the value from elsewhere. Where it is full, they are not.
	missed chan uint64

	keyBuf, value []byte
}

func newSource(w Workload, client uint64) *source {
	rng := rand.New(rand.NewPCG(w.Seed, client))
	s := &source{w: w, rng: rng, missed: make(chan uint64, 1024), value: make([]byte, maxValue)}
	if w.Skew > 1 {
		s.keys = rand.NewZipf(rng, w.Skew, float64(w.Entries)/100+1, uint64(w.Entries-1))
	}
	s.sizes = rand.NewZipf(rng, sizeSkew, sizeOffset, maxValue-minValue)
	copy(s.value, filler)
	return s
}

// next is the next command.
func (s *source) next() op {
	select {
	case key := <-s.missed:
		return op{set, key}
	default:
	}
	var o op
	if s.keys != nil {
		o.key = s.keys.Uint64()
	} else {
		o.key = s.rng.Uint64N(uint64(s.w.Entries))
	}
	switch p := s.rng.Float64(); {
	case p < s.w.Writes:
		o.verb = set
	case p < s.w.Writes+s.w.Deletes:
		o.verb = del
	}
	return o
}

// miss notes a key that had no value.
func (s *source) miss(key uint64) {
	select {
	case s.missed <- key:
	default:
	}
}

// append appends the command to b.
func (s *source) append(b []byte, o op) []byte {
	s.keyBuf = appendKey(s.keyBuf[:0], o.key)
	switch o.verb {
	case get:
		return resp.AppendBulk(resp.AppendBulk(resp.AppendArray(b, 2), "GET"), s.keyBuf)
	case del:
		return resp.AppendBulk(resp.AppendBulk(resp.AppendArray(b, 2), "DEL"), s.keyBuf)
	}
	value := s.value[:minValue+s.sizes.Uint64()]
	binary.LittleEndian.PutUint64(value, o.key)
	binary.LittleEndian.PutUint32(value[8:], uint32(len(value)))
	expires := s.w.TTLs > 0 && s.rng.Float64() < s.w.TTLs
	args := 3
	if expires {
		args = 5
	}
	b = resp.AppendBulk(resp.AppendArray(b, args), "SET")
	b = resp.AppendBulk(resp.AppendBulk(b, s.keyBuf), value)
	if expires {
		b = resp.AppendBulk(b, "PX")
		b = resp.AppendBulk(b, strconv.FormatInt(max(1, s.w.TTL.Milliseconds()), 10))
	}
	return b
}

// appendKey appends the text of a key.
func appendKey(b []byte, key uint64) []byte {
	const digits = 12
	b = append(b, "user:"...)
	var text [20]byte
	n := strconv.AppendUint(text[:0], key, 10)
	for range digits - len(n) {
		b = append(b, '0')
	}
	return append(b, n...)
}

// isValueOf reports whether a value is what was set for a key.
func isValueOf(value []byte, key uint64) bool {
	return len(value) >= minValue && binary.LittleEndian.Uint64(value) == key &&
		int(binary.LittleEndian.Uint32(value[8:])) == len(value) &&
		string(value[headBytes:]) == string(filler[headBytes:len(value)])
}
