package main

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

type (
	word  string
	num   int16
	count uint32
	ratio float32
	flag  bool
)

func main() {
	for _, s := range []string{"", "a", "é\x00\n", "\xff\xfe", `"q"`, "100%", strings.Repeat("x", 70)} {
		texts(s, word(s), []byte(s))
	}
	texts("", "", nil)
	for _, i := range []int64{0, 1, -1, 9, 10, 99, 100, -100, 255, 256, 65535, 0xd800, 0x10ffff, 0x110000, math.MaxInt32, math.MinInt32, math.MaxInt64, math.MinInt64} {
		integers(int(i), int8(i), num(i), int32(i), i)
		naturals(uint(i), uint8(i), uint16(i), count(i), uint64(i))
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1.5, 0.1, 1e6, 1e20, 1e21, 123456789, 1e-5, 1e-4, math.MaxFloat64, math.SmallestNonzeroFloat64, math.Inf(1), math.Inf(-1), math.NaN(), math.Pi} {
		floats(f, float32(f), ratio(f))
	}
	fmt.Println(bools(true, false), bools(false, true))
	written()
	fmt.Println(panics(nil), panics(&point{1, "y"}))
	const mix word = "w"
	s := fmt.Sprintf("%s %v %d %v %v", mix, 'x', 'x', 1.5, true) // fixed
	fmt.Println(s)
}

func texts(s string, w word, b []byte) {
	var out []string
	out = append(out, fmt.Sprintf("%s", s))           // fixed
	out = append(out, fmt.Sprintf("<%s|%v>", s, w))   // fixed
	out = append(out, fmt.Sprintf("%q %q", s, w))     // fixed
	out = append(out, fmt.Sprintf("%s %x", b, b))     // fixed
	out = append(out, fmt.Sprintf("%%%s%%", s))       // fixed
	out = append(out, fmt.Sprint(s, w, "-", s, 1, 2)) // fixed
	out = append(out, fmt.Sprintln(s, w))             // fixed
	fmt.Printf("%q\n", out)
	a := fmt.Appendf([]byte("x"), "%s", s) // fixed
	a = fmt.Append(a, w)                   // fixed
	a = fmt.Appendf(a, "%s", b)            // fixed
	n := fmt.Append(nil, s)                // fixed
	y := []byte(fmt.Sprintf("%s!", s))     // fixed
	z := []byte(fmt.Sprintf("%s", s))
	fmt.Printf("%q %v %v %v\n", a, n == nil, y == nil, z == nil)
}

func integers(i int, b int8, n num, r rune, l int64) {
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", i, i, i, i, i)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", b, b, b, b, b)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", n, n, n, n, n)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", r, r, r, r, r)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", l, l, l, l, l)) // fixed
	fmt.Println(fmt.Sprintf("%c%c", r, n))                    // fixed
	fmt.Println(fmt.Sprint(i, b, n, r, l))                    // fixed
}

func naturals(i uint, b uint8, n uint16, c count, l uint64) {
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", i, i, i, i, i)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", b, b, b, b, b)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", n, n, n, n, n)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", c, c, c, c, c)) // fixed
	fmt.Println(fmt.Sprintf("%d %v|%x|%o|%b", l, l, l, l, l)) // fixed
	fmt.Println(fmt.Sprintf("%c", b))                         // fixed
}

func floats(f float64, g float32, r ratio) {
	fmt.Println(fmt.Sprintf("%v|%g|%f|%e|%.0f|%.3f|%.3g|%.3v|%.10e", f, f, f, f, f, f, f, f, f)) // fixed
	fmt.Println(fmt.Sprintf("%v|%g|%f|%e|%.0f|%.3f|%.3g|%.3v|%.10e", g, g, g, g, g, g, g, g, g)) // fixed
	fmt.Println(fmt.Sprintf("%v|%g|%f|%e|%.0f|%.3f|%.3g|%.3v|%.10e", r, r, r, r, r, r, r, r, r)) // fixed
}

func bools(b bool, f flag) string {
	return fmt.Sprintf("%t%v %t%v", b, b, f, f) // fixed
}

func written() {
	var b strings.Builder
	var buf bytes.Buffer
	n, err := fmt.Fprintf(&b, "%s", "text") // fixed
	fmt.Println(n, err)
	n, err = fmt.Fprintf(&buf, "%d.", n) // fixed
	fmt.Println(n, err)
	for i := range 300 {
		fmt.Fprintf(&b, "%d,%c;", i, rune(i*1000))           // fixed
		fmt.Fprintf(&buf, "é%x %v\n", i, float64(i)/3)       // fixed
		buf.WriteString(fmt.Sprintf("%t-%s", i > 3, "more")) // fixed
	}
	buf.Next(700)
	raw := buf.Bytes()[:10]
	for range 40 {
		fmt.Fprintf(&buf, "grow%s%s", raw, raw) // fixed
	}
	buf.Write([]byte(fmt.Sprintf("%v %v", raw[0], err))) // fixed
	fmt.Println(b.String())
	fmt.Println(buf.String())
}

type point struct {
	x int
	s string
}

func panics(p *point) (s string) {
	var b strings.Builder
	defer func() {
		s = fmt.Sprint(recover(), "|", b.String())
	}()
	fmt.Fprintf(&b, "<%d", p.x) // fixed
	fmt.Fprintf(&b, "%s>", p.s) // fixed
	return fmt.Sprint(p.s, p.x) // fixed
}
