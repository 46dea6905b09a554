package hoist

import (
	"bytes"
	"fmt"
)

func buffers(lists [][]string) (out []string) {
	for _, l := range lists {
		var b bytes.Buffer // want "declare b before the loop, and reset it each round"
		for _, s := range l {
			fmt.Fprintf(&b, "<%s>", s)                // want "declare b before the loop"
			p := bytes.NewBuffer(make([]byte, 0, 64)) // want "declare p before the loop"
			p.WriteString(s)                          // want "declare p before the loop"
			out = append(out, p.String())
		}
		out = append(out, b.String())
	}
	for _, l := range lists {
		c := new(bytes.Buffer) // refuse `lets c.Bytes\(\) out`
		c.WriteString(l[0])
		show(c.Bytes())
	}
	var d bytes.Buffer
	d.WriteString("d")
	for _, l := range lists {
		if len(l) > 1 {
			e := new(bytes.Buffer) // refuse "not every round makes it"
			e.WriteString(l[0])
			out = append(out, e.String())
		}
		var d bytes.Buffer // refuse "d means something else around it"
		d.WriteString(l[0])
		out = append(out, d.String())
	}
	return out
}

func show([]byte) {}

func sameNames(lists [][]string, deep bool) (out []string) {
	for _, l := range lists {
		b := new(bytes.Buffer) // want "declare b before the loop, and reset it each round"
		b.WriteString(l[0])    // want "declare b before the loop"
		out = append(out, b.String())
	}
	for _, l := range lists {
		var b bytes.Buffer // refuse "another b is declared there"
		b.WriteString(l[1])
		out = append(out, b.String())
	}
	for _, l := range lists {
		var n int // want "declare n before the loop"
		fmt.Sscan(l[0], &n)
		out = append(out, l[n])
	}
	for _, l := range lists {
		var n int // refuse "another n is declared there"
		fmt.Sscan(l[0], &n)
		out = append(out, l[n])
	}
	if deep {
		for _, l := range lists {
			var m int // want "declare m before the loop"
			fmt.Sscan(l[0], &m)
			out = append(out, l[m])
		}
		return out
	}
	switch {
	case len(lists) > 1:
		for _, l := range lists {
			var m int // want "declare m before the loop"
			fmt.Sscan(l[0], &m)
			out = append(out, l[m])
		}
	}
	return out
}
