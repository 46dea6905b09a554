package asmlist

import (
	"slices"
	"strings"
	"testing"
)

const listing = "# example.com/m\n" +
	"example.com/m.F STEXT size=850 args=0x8 locals=0x2150 funcid=0x0 align=0x0\n" +
	"\t0x0000 00000 (/src/m (1).go:23)\tTEXT\texample.com/m.F(SB), ABIInternal, $8528-8\n" +
	"\t0x0025 00037 (/src/m (1).go:24)\tLEAQ\texample.com/m.a+3056(SP), DI\n" +
	"\t0x0026 00037 (<unknown line number>)\tLEAQ\texample.com/m.a+3056(SP), DI\n" +
	"\t0x0055 00085 (/src/m (1).go:25)\tMOVB\t$1, gopkg.in/yaml%2ev3.b+3056(SP)(DX*1)\n" +
	"\t0x0055 00085 (/src/m (1).go:26)\tMOVQ\tAX, example.com/m..autotmp_17+7168(SP)\n" +
	"\t0x0055 00085 (/src/m (1).go:27)\tMOVQ\tAX, 16(SP)\n" +
	"\t0x0055 00085 (/src/m (1).go:28)\tMOVD\t$example.com/m-x.s-1008(SP), R0\n" +
	"\t0x0055 00085 (/src/m (1).go:29)\tLEAQ\texample.com/m-x.first(SP), CX\n" +
	"\t0x0055 00085 (/src/m (1).go:29)\tMOVQ\tAX, example.com/m.s.len+24(SP)\n" +
	"\t0x0055 00085 (/src/m (1).go:29)\tMOVQ\texample.com/m..autotmp_8.ptr-8(SP), CX\n" +
	"\t0x0055 00085 (/src/m (1).go:29)\tMOVQ\texample.com/m.a[0]+32(SP), CX\n" +
	"\t0x0055 00085 (/src/m (1).go:30)\tLEAQ\t-216(SP), R12\n" +
	"\t0x0055 00085 (/src/m (1).go:30)\tMOVQ\t(SP), R12\n" +
	"\t0x0000 4c 8d a4 24 30 df ff ff 0f 82 2e 03 00 00 4d 3b  L..$0.........M;\n" +
	"\trel 110+4 t=R_CALL example.com/m.leaf+0\n" +
	"example.com/m.G STEXT size=1 args=0x8\n" +
	"\t0x0025 00037 (/src/m.go:24)\tLEAQ\texample.com/m.a+3056(SP), DI\n" +
	"go:cuinfo.producer.example.com/m SDWARFCUINFO dupok size=0\n"

func TestRead(t *testing.T) {
	t.Parallel()
	var got []*Func
	for f, err := range Read(strings.NewReader(listing), func(s string) bool { return s == "example.com/m.F" }) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f)
	}
	const file = "/src/m (1).go"
	want := []Touch{
		{"a", false, false, 3056, file, 24}, {"b", false, false, 3056, file, 25}, {".autotmp_17", true, false, 7168, file, 26}, {"s", false, false, -1008, file, 28},
		{"first", false, false, 0, file, 29},
		{"s.len", false, true, 24, file, 29}, {".autotmp_8.ptr", true, true, -8, file, 29}, {"a[0]", false, true, 32, file, 29},
	}
	if len(got) != 1 || !slices.Equal(got[0].Touches, want) {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
	for line := range strings.Lines(listing) {
		needed := strings.Contains(line, "(SP)") || strings.Contains(line, "STEXT")
		if Concerns([]byte(line)) != needed {
			t.Errorf("Concerns(%q) = %t", line, !needed)
		}
	}
	for _, err := range Read(strings.NewReader(strings.Repeat("x", longest+1)), func(string) bool { return true }) {
		if err == nil {
			t.Error("no error of a line that is too long")
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(listing)
	f.Add("m.F STEXT \n\t0x0 0 (a:1)\tX\tm.+1(SP)")
	f.Fuzz(func(t *testing.T, text string) {
		for fn := range Read(strings.NewReader(text), func(string) bool { return true }) {
			if fn == nil {
				continue
			}
			for _, touch := range fn.Touches {
				if touch.Var == "" || !strings.Contains(text, touch.Var) {
					t.Errorf("variable %q", touch.Var)
				}
			}
		}
	})
}
