package corpus

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash/crc32"
	"hash/fnv"
	"hash/maphash"
	"io"
	"math"
	"math/big"
	"math/bits"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"unicode"
	"unsafe"
)

// Encodings, hashes, numbers, reflection, the runtime.

//stackward:noalloc
//go:noinline
func PutUint(b []byte, i int) { binary.LittleEndian.PutUint64(b, uint64(i)) }

var eight [8]byte

var _ = drive("PutUint", func(i int) { PutUint(eight[:], i) })

//stackward:noalloc
//go:noinline
func AppendUvarint(b []byte, i int) []byte { return binary.AppendUvarint(b, uint64(i)) }

var varints []byte

var _ = drive("AppendUvarint", func(i int) { varints = AppendUvarint(varints[:0], i) })

//stackward:noalloc
//go:noinline
func BinaryWrite(w *bytes.Buffer, t *[2]int64) { w.Reset(); binary.Write(w, binary.BigEndian, t) }

var twoInts [2]int64

var _ = drive("BinaryWrite", func(i int) { BinaryWrite(&aBytesBuffer, &twoInts) })

//stackward:noalloc
//go:noinline
func HexText(b []byte) string { return hex.EncodeToString(b) }

var _ = drive("HexText", func(i int) { HexText(data(i)) })

//stackward:noalloc
//go:noinline
func HexInto(dst, b []byte) int { return hex.Encode(dst, b) }

var hexed [2 * longest]byte

var _ = drive("HexInto", func(i int) { HexInto(hexed[:], data(i)) })

//stackward:noalloc
//go:noinline
func HexDecode(dst, b []byte) bool { _, err := hex.Decode(dst, b); return err == nil }

var _ = drive("HexDecode", func(i int) { HexDecode(hexed[:], data(i)) })

//stackward:noalloc
//go:noinline
func Base64Text(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

var _ = drive("Base64Text", func(i int) { Base64Text(data(i)) })

//stackward:noalloc
//go:noinline
func Base64Into(dst, b []byte) { base64.StdEncoding.Encode(dst, b) }

var _ = drive("Base64Into", func(i int) { Base64Into(hexed[:], data(i)) })

//stackward:noalloc
//go:noinline
func Base64Append(dst, b []byte) []byte { return base64.StdEncoding.AppendEncode(dst, b) }

var based []byte

var _ = drive("Base64Append", func(i int) { based = Base64Append(based[:0], data(i)) })

//stackward:noalloc
//go:noinline
func JSONMarshal(t *T) []byte { b, _ := json.Marshal(t); return b }

var _ = drive("JSONMarshal", func(i int) { JSONMarshal(value(i)) })

//stackward:noalloc
//go:noinline
func JSONUnmarshal(b []byte, t *T) bool { return json.Unmarshal(b, t) == nil }

var (
	someJSON = []byte(`{"A":1}`)
	parsed   T
)

var _ = drive("JSONUnmarshal", func(i int) { JSONUnmarshal(someJSON, &parsed) })

//stackward:noalloc
//go:noinline
func JSONValid(b []byte) bool { return json.Valid(b) }

var _ = drive("JSONValid", func(i int) { JSONValid(someJSON) })

//stackward:noalloc
//go:noinline
func Checksum(b []byte) uint32 { return crc32.ChecksumIEEE(b) }

var _ = drive("Checksum", func(i int) { Checksum(data(i)) })

//stackward:noalloc
//go:noinline
func Sum256(b []byte) byte { s := sha256.Sum256(b); return s[0] }

var _ = drive("Sum256", func(i int) { Sum256(data(i)) })

//stackward:noalloc
//go:noinline
func Hash256(b []byte) []byte { h := sha256.New(); h.Write(b); return h.Sum(nil) }

var _ = drive("Hash256", func(i int) { Hash256(data(i)) })

//stackward:noalloc
//go:noinline
func HashFNV(b []byte) uint64 { h := fnv.New64a(); h.Write(b); return h.Sum64() }

var _ = drive("HashFNV", func(i int) { HashFNV(data(i)) })

var seed = maphash.MakeSeed()

//stackward:noalloc
//go:noinline
func HashText(s string) uint64 { return maphash.String(seed, s) }

var _ = drive("HashText", func(i int) { HashText(text(i)) })

//stackward:noalloc
//go:noinline
func Floats(i int) float64 { return math.Sqrt(float64(i)) + math.Floor(float64(i)/3) + math.Exp(1) }

var _ = drive("Floats", func(i int) { Floats(i) })

//stackward:noalloc
//go:noinline
func Bits(i int) int { return bits.LeadingZeros(uint(i)) + bits.OnesCount(uint(i)) }

var _ = drive("Bits", func(i int) { Bits(i) })

//stackward:noalloc
//go:noinline
func BigNew(i int) *big.Int { return big.NewInt(int64(i)) }

var _ = drive("BigNew", func(i int) { BigNew(i) })

//stackward:noalloc
//go:noinline
func BigAdd(z, x *big.Int) { z.Add(x, x) }

var bigX, bigZ = big.NewInt(12345), new(big.Int)

var _ = drive("BigAdd", func(i int) { BigAdd(bigZ, bigX) })

//stackward:noalloc
//go:noinline
func BigCompare(x, y *big.Int) int { return x.Cmp(y) }

var _ = drive("BigCompare", func(i int) { BigCompare(bigZ, bigX) })

//stackward:noalloc
//go:noinline
func BigText(x *big.Int) string { return x.String() }

var _ = drive("BigText", func(i int) { BigText(bigX) })

//stackward:noalloc
//go:noinline
func Matches(re *regexp.Regexp, s string) bool { return re.MatchString(s) }

var expr = regexp.MustCompile(`a.c`)

var _ = drive("Matches", func(i int) { Matches(expr, text(i)) })

//stackward:noalloc
//go:noinline
func FindText(re *regexp.Regexp, s string) []int { return re.FindStringIndex(s) }

var _ = drive("FindText", func(i int) { FindText(expr, text(i)) })

//stackward:noalloc
//go:noinline
func Compiled(i int) *regexp.Regexp { return regexp.MustCompile(`a.c`) }

var _ = drive("Compiled", func(i int) {
	if i < 8 {
		Compiled(i)
	}
})

//stackward:noalloc
//go:noinline
func CleanPath(p string) string { return filepath.Clean(p) }

var _ = drive("CleanPath", func(i int) { CleanPath("/a/b") })

//stackward:noalloc
//go:noinline
func CleanLong(p string) string { return filepath.Clean(p) }

var _ = drive("CleanLong", func(i int) { CleanLong("/a/../b") })

//stackward:noalloc
//go:noinline
func BasePath(p string) string { return filepath.Base(p) + filepath.Ext(p) }

var _ = drive("BasePath", func(i int) { BasePath("/a/b.go") })

//stackward:noalloc
//go:noinline
func JoinPath(a, b string) string { return filepath.Join(a, b) }

var _ = drive("JoinPath", func(i int) { JoinPath("a", "b") })

//stackward:noalloc
//go:noinline
func KindOf(v any) reflect.Kind { return reflect.TypeOf(v).Kind() }

var _ = drive("KindOf", func(i int) { KindOf(anInt) })

//stackward:noalloc
//go:noinline
func ReflectField(t *T) int64 { return reflect.ValueOf(t).Elem().Field(0).Int() }

var _ = drive("ReflectField", func(i int) { ReflectField(value(i)) })

//stackward:noalloc
//go:noinline
func ReflectSet(t *T, i int) { reflect.ValueOf(t).Elem().Field(0).SetInt(int64(i)) }

var _ = drive("ReflectSet", func(i int) { ReflectSet(value(0), i) })

//stackward:noalloc
//go:noinline
func ReflectInterface(t *T) any { return reflect.ValueOf(t).Elem().Field(0).Interface() }

var big1000 = &T{A: 1000}

var _ = drive("ReflectInterface", func(i int) { ReflectInterface(big1000) })

//stackward:noalloc
//go:noinline
func ReflectNew(t reflect.Type) any { return reflect.New(t).Interface() }

var typeOfT = reflect.TypeFor[T]()

var _ = drive("ReflectNew", func(i int) { ReflectNew(typeOfT) })

//stackward:noalloc
//go:noinline
func ReflectCall(f reflect.Value) { f.Call(nil) }

var reflected = reflect.ValueOf(noop)

var _ = drive("ReflectCall", func(i int) { ReflectCall(reflected) })

//stackward:noalloc
//go:noinline
func ReflectEqual(a, b []int) bool { return reflect.DeepEqual(a, b) }

var _ = drive("ReflectEqual", func(i int) { ReflectEqual(longInts[:3], longInts[3:6]) })

//stackward:noalloc
//go:noinline
func ReflectSlice(v reflect.Value) int { return v.Len() }

var someValue = reflect.ValueOf([]int{1})

var _ = drive("ReflectSlice", func(i int) { ReflectSlice(someValue) })

//stackward:noalloc
//go:noinline
func ReflectAppend(v reflect.Value) reflect.Value { return reflect.Append(v, v.Index(0)) }

var _ = drive("ReflectAppend", func(i int) { ReflectAppend(someValue) })

//stackward:noalloc
//go:noinline
func Callers(pcs []uintptr) int { return runtime.Callers(0, pcs) }

var somePCs [8]uintptr

var _ = drive("Callers", func(i int) { Callers(somePCs[:]) })

//stackward:noalloc
//go:noinline
func CallerLine() int { _, _, line, _ := runtime.Caller(0); return line }

var _ = drive("CallerLine", func(i int) { CallerLine() })

//stackward:noalloc
//go:noinline
func Yield() { runtime.Gosched() }

var _ = drive("Yield", func(i int) { Yield() })

//stackward:noalloc
//go:noinline
func Finalized() { runtime.SetFinalizer(new(T), func(*T) {}) }

var _ = drive("Finalized", func(i int) { Finalized() })

//stackward:noalloc
//go:noinline
func KeptAlive(t *T) { runtime.KeepAlive(t) }

var _ = drive("KeptAlive", func(i int) { KeptAlive(value(i)) })

//stackward:noalloc
//go:noinline
func Classify(i int) bool { return unicode.IsLetter(rune(i)) || unicode.Is(unicode.Han, rune(i)) }

var _ = drive("Classify", func(i int) { Classify(i) })

// Functions of the runtime under names of this package's own.

//go:linkname nanotime runtime.nanotime
func nanotime() int64

//go:linkname mallocgc runtime.mallocgc
func mallocgc(size uintptr, typ unsafe.Pointer, zero bool) unsafe.Pointer

//stackward:noalloc
//go:noinline
func LinkTime() int64 { return nanotime() }

var _ = drive("LinkTime", func(i int) { LinkTime() })

//stackward:noalloc
//go:noinline
func LinkAllocate(i int) unsafe.Pointer { return mallocgc(uintptr(size(i)+1), nil, true) }

var _ = drive("LinkAllocate", func(i int) { LinkAllocate(i) })

type discard struct{ n int }

func (d *discard) Write(b []byte) (int, error) { d.n += len(b); return len(b), nil }

//stackward:noalloc
//go:noinline
func WriteKnown(d *discard, s string) { io.WriteString(d, s) }

var aDiscard discard

var _ = drive("WriteKnown", func(i int) { WriteKnown(&aDiscard, text(i)) })
