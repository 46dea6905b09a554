package corpus

import (
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Strings: concatenation, conversion, strings and strconv.

//stackward:noalloc
//go:noinline
func ConcatConstant(i int) string { const s = "a"; return s + "b" }

var _ = drive("ConcatConstant", func(i int) { ConcatConstant(i) })

//stackward:noalloc
//go:noinline
func ConcatLocal(a, b string) bool { return a+b == "abc" }

var _ = drive("ConcatLocal", func(i int) { ConcatLocal(text(i), "x") })

//stackward:noalloc
//go:noinline
func ConcatShort(a string) int {
	if len(a) > 20 {
		a = a[:20]
	}
	s := a + "x"
	return strings.Count(s, "x")
}

var _ = drive("ConcatShort", func(i int) { ConcatShort(text(i)) })

//stackward:noalloc
//go:noinline
func ConcatReturned(a, b string) string { return a + b }

var _ = drive("ConcatReturned", func(i int) { ConcatReturned(text(i), "x") })

//stackward:noalloc
//go:noinline
func ConcatEmpty(a string) string { return a + empty }

var empty = ""

var _ = drive("ConcatEmpty", func(i int) { ConcatEmpty(text(i)) })

//stackward:noalloc
//go:noinline
func ConcatMany(s []string) (all string) {
	for _, x := range s {
		all += x
	}
	return all
}

var threeTexts = []string{"one", "two", "three"}

var _ = drive("ConcatMany", func(i int) { ConcatMany(threeTexts) })

//stackward:noalloc
//go:noinline
func StringFromBytes(b []byte) string { return string(b) }

var _ = drive("StringFromBytes", func(i int) { StringFromBytes(data(i)) })

//stackward:noalloc
//go:noinline
func StringCompared(b []byte) bool { return string(b) == "abcdefg" }

var _ = drive("StringCompared", func(i int) { StringCompared(data(i)) })

//stackward:noalloc
//go:noinline
func StringSwitched(b []byte) int {
	switch string(b) {
	case "a":
		return 1
	case "abcdefg":
		return 7
	}
	return 0
}

var _ = drive("StringSwitched", func(i int) { StringSwitched(data(i)) })

//stackward:noalloc
//go:noinline
func StringDown(b []byte) int { return countSpaces(string(b)) }

//go:noinline
func countSpaces(s string) (n int) {
	for _, r := range s {
		if r == ' ' {
			n++
		}
	}
	return n
}

var _ = drive("StringDown", func(i int) { StringDown(data(i)) })

//stackward:noalloc
//go:noinline
func StringKept(b []byte) { keepText = string(b) }

var _ = drive("StringKept", func(i int) { StringKept(data(i)) })

//stackward:noalloc
//go:noinline
func StringFromRune(i int) string { return string(rune(i)) }

var _ = drive("StringFromRune", func(i int) { StringFromRune(i) })

//stackward:noalloc
//go:noinline
func BytesFromString(s string) []byte { return []byte(s) }

var _ = drive("BytesFromString", func(i int) { BytesFromString(text(i)) })

//stackward:noalloc
//go:noinline
func BytesRanged(s string) (n int) {
	for _, b := range []byte(s) {
		n += int(b)
	}
	return n
}

var _ = drive("BytesRanged", func(i int) { BytesRanged(text(i)) })

//stackward:noalloc
//go:noinline
func BytesLocal(s string) byte {
	b := []byte(s)
	if len(b) > 0 {
		b[0]++
		return b[0]
	}
	return 0
}

var _ = drive("BytesLocal", func(i int) { BytesLocal(text(i)) })

//stackward:noalloc
//go:noinline
func RunesFromString(s string) int { r := []rune(s); return len(r) + cap(r) }

var _ = drive("RunesFromString", func(i int) { RunesFromString(text(i)) })

//stackward:noalloc
//go:noinline
func StringFromRunes(r []rune) string { return string(r) }

var someRunes = []rune("äöü")

var _ = drive("StringFromRunes", func(i int) { StringFromRunes(someRunes) })

//stackward:noalloc
//go:noinline
func UnsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

var _ = drive("UnsafeString", func(i int) { UnsafeString(data(i)) })

//stackward:noalloc
//go:noinline
func UnsafeBytes(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

var _ = drive("UnsafeBytes", func(i int) { UnsafeBytes(text(i)) })

//stackward:noalloc
//go:noinline
func Index(s string) int { return strings.Index(s, "cde") }

var _ = drive("Index", func(i int) { Index(text(i)) })

//stackward:noalloc
//go:noinline
func SplitText(s string) int { return len(strings.Split(s, "j")) }

var _ = drive("SplitText", func(i int) { SplitText(text(i)) })

//stackward:noalloc
//go:noinline
func SplitSeq(s string) (n int) {
	for part := range strings.SplitSeq(s, "j") {
		n += len(part)
	}
	return n
}

var _ = drive("SplitSeq", func(i int) { SplitSeq(text(i)) })

//stackward:noalloc
//go:noinline
func CutText(s string) string { before, _, _ := strings.Cut(s, "d"); return before }

var _ = drive("CutText", func(i int) { CutText(text(i)) })

//stackward:noalloc
//go:noinline
func RepeatText(i int) string { return strings.Repeat("x", size(i)) }

var _ = drive("RepeatText", func(i int) { RepeatText(i) })

//stackward:noalloc
//go:noinline
func UpperOfUpper(s string) string { return strings.ToUpper(s) }

var _ = drive("UpperOfUpper", func(i int) { UpperOfUpper("UPPER") })

//stackward:noalloc
//go:noinline
func UpperOfLower(s string) string { return strings.ToUpper(s) }

var _ = drive("UpperOfLower", func(i int) { UpperOfLower(text(i)) })

//stackward:noalloc
//go:noinline
func Trim(s string) string { return strings.TrimSpace(s) }

var _ = drive("Trim", func(i int) { Trim(text(i)) })

//stackward:noalloc
//go:noinline
func TrimChars(s string) string { return strings.Trim(s, "ab ") }

var _ = drive("TrimChars", func(i int) { TrimChars(text(i)) })

//stackward:noalloc
//go:noinline
func FieldsOf(s string) int { return len(strings.Fields(s)) }

var _ = drive("FieldsOf", func(i int) { FieldsOf(text(i)) })

//stackward:noalloc
//go:noinline
func ReplaceNone(s string) string { return strings.ReplaceAll(s, "?", "!") }

var _ = drive("ReplaceNone", func(i int) { ReplaceNone(text(i)) })

//stackward:noalloc
//go:noinline
func ReplaceSome(s string) string { return strings.ReplaceAll(s, "e", "EE") }

var _ = drive("ReplaceSome", func(i int) { ReplaceSome(text(i)) })

//stackward:noalloc
//go:noinline
func JoinTexts(s []string) string { return strings.Join(s, ",") }

var _ = drive("JoinTexts", func(i int) { JoinTexts(threeTexts) })

//stackward:noalloc
//go:noinline
func BuildText(i int) string {
	var b strings.Builder
	b.Grow(10)
	b.WriteString("n=")
	b.WriteByte('x')
	return b.String()
}

var _ = drive("BuildText", func(i int) { BuildText(i) })

//stackward:noalloc
//go:noinline
func FoldEqual(s string) bool { return strings.EqualFold(s, "ABCDEFG") && strings.HasPrefix(s, "ab") }

var _ = drive("FoldEqual", func(i int) { FoldEqual(text(i)) })

//stackward:noalloc
//go:noinline
func MapText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 'j' {
			return 'J'
		}
		return r
	}, s)
}

var _ = drive("MapText", func(i int) { MapText(text(i)) })

var replacer = strings.NewReplacer("j", "J")

//stackward:noalloc
//go:noinline
func Replacer(s string) string { return replacer.Replace(s) }

var _ = drive("Replacer", func(i int) { Replacer(text(i)) })

//stackward:noalloc
//go:noinline
func FormatInt(i int) string { return strconv.Itoa(i) }

var _ = drive("FormatInt", func(i int) { FormatInt(i) })

//stackward:noalloc
//go:noinline
func FormatSmall(i int) string { return strconv.Itoa(size(i) % 100) }

var _ = drive("FormatSmall", func(i int) { FormatSmall(i) })

//stackward:noalloc
//go:noinline
func AppendNumber(b []byte, i int) []byte { return strconv.AppendInt(b, int64(i), 10) }

var digits []byte

var _ = drive("AppendNumber", func(i int) { digits = AppendNumber(digits[:0], i) })

//stackward:noalloc
//go:noinline
func AppendReal(b []byte, i int) []byte { return strconv.AppendFloat(b, float64(i)/3, 'g', -1, 64) }

var reals []byte

var _ = drive("AppendReal", func(i int) { reals = AppendReal(reals[:0], i) })

//stackward:noalloc
//go:noinline
func ParseGood(s string) int { n, _ := strconv.Atoi(s); return n }

var _ = drive("ParseGood", func(i int) { ParseGood("1234") })

//stackward:noalloc
//go:noinline
func ParseBad(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil }

var _ = drive("ParseBad", func(i int) { ParseBad(text(i)) })

//stackward:noalloc
//go:noinline
func ParseFloats(s string) float64 { f, _ := strconv.ParseFloat(s, 64); return f }

var _ = drive("ParseFloats", func(i int) { ParseFloats("1.25") })

//stackward:noalloc
//go:noinline
func ParseBools(s string) bool { b, _ := strconv.ParseBool(s); return b }

var _ = drive("ParseBools", func(i int) { ParseBools("true") })

//stackward:noalloc
//go:noinline
func QuoteText(s string) string { return strconv.Quote(s) }

var _ = drive("QuoteText", func(i int) { QuoteText(text(i)) })

//stackward:noalloc
//go:noinline
func AppendQuoted(b []byte, s string) []byte { return strconv.AppendQuote(b, s) }

var quoted []byte

var _ = drive("AppendQuoted", func(i int) { quoted = AppendQuoted(quoted[:0], text(i)) })

//stackward:noalloc
//go:noinline
func RuneCount(s string) int { return utf8.RuneCountInString(s) }

var _ = drive("RuneCount", func(i int) { RuneCount(text(i)) })

//stackward:noalloc
//go:noinline
func AppendRune(b []byte, i int) []byte { return utf8.AppendRune(b, rune(i)) }

var runes []byte

var _ = drive("AppendRune", func(i int) { runes = AppendRune(runes[:0], i) })

//stackward:noalloc
//go:noinline
func BuilderReset(b *strings.Builder, s string) int { b.Reset(); b.WriteString(s); return b.Len() }

var aBuilder strings.Builder

var _ = drive("BuilderReset", func(i int) { BuilderReset(&aBuilder, text(i)) })
