package fix_test

import (
	"fmt"
	"strings"
)

// patterns write functions that hold what a fixer looks for, with something
// around it that it may not expect. Each returns calls.
var patterns = []func(*generator) []string{
	grownSlice, grownSlice, grownMap, builtString, builtString, buffers, formatted, formatted, converted, converted,
	splitFirst, splitFirst, splitLoop, constructor, constructor, listResult, interfaces, variadics, onlyOnce, invariants, closures,
	methodValues, deferred, pooled, pooled, sorted, filled, callbacks, anything, mappedRunes, mappedPlainly, calledConcretely, calledConcretely,
}

var (
	pn = variable{"n", "int"}
	ps = variable{"s", "string"}
	px = variable{"xs", "[]int"}
	pw = variable{"ss", "[]string"}
	pb = variable{"b", "[]byte"}
	pp = variable{"p", "*node"}
	pm = variable{"mp", "map[string]int"}
)

// A slice that a loop appends to.
func grownSlice(g *generator) []string {
	elem := g.pick("int", "string", "*node", "any", "celsius", "int")
	typ := "[]" + elem
	named := g.chance(0.15)
	return g.fn(g.some(px, pn), map[bool]string{true: "(out " + typ + ")", false: typ}[named], func() {
		out := "out"
		g.noise(0.3)
		if !named {
			out = g.name("out")
			if g.chance(0.1) {
				g.line("var %s, spare%d = []%s{}, 1", out, g.names, elem)
				g.line("_ = spare%d", g.names)
			} else {
				g.line(g.pick("var %s %s", "var %s %s", "%s := %s{}", "%s := %s{}", "%s := make(%s, 0)", "%s := %s(nil)", "var %s = %s{}", "var %s = make(%s, 0)", "%s := make(%s, 0, 2)"), out, typ)
			}
		} else if g.chance(0.5) {
			g.line("out = %s{}", typ)
		}
		g.vars = append(g.vars, variable{out, typ})
		g.noise(0.2)
		if g.chance(0.05) {
			g.line("alias := %s", out)
			g.line("defer func() { show(len(alias)) }()")
		}
		if g.chance(0.05) {
			g.line("look := func() int { return len(%s) }", out)
			g.line("defer func() { show(look()) }()")
		}
		outer := func(f func()) { f() }
		if g.chance(0.15) {
			outer = func(f func()) { g.loop(func(string) { f() }) }
		}
		outer(func() {
			g.loop(func(i string) {
				g.noise(0.2)
				if g.chance(0.1) {
					g.line("if %s { %s }", g.cond(1), g.pick("continue", "break", "return "+out, "panic(1)"))
				}
				cond := g.chance(0.2)
				if cond {
					g.line("if %s {", g.cond(2))
				}
				switch {
				case g.chance(0.08):
					g.line("%s = append(%[1]s, %s, %s)", out, g.expr(elem, 1), g.expr(elem, 1))
				case g.chance(0.08):
					g.line("%s = append(%[1]s, %[1]s[len(%[1]s):]...)", out)
				default:
					e := g.expr(elem, 2)
					if elem == "int" && g.chance(0.5) {
						e = i
					}
					g.line("%s = append(%[1]s, %s)", out, e)
				}
				if cond {
					g.line("}")
				}
				g.noise(0.15)
			})
		})
		g.noise(0.3)
		if g.chance(0.3) {
			g.line("show(%s == nil, len(%[1]s))", out)
		}
		if g.chance(0.1) {
			g.line("%s = append(%[1]s, %s)", out, g.expr(elem, 1))
		}
		g.line("return %s", g.pick(out, out, out, out+"[:len("+out+")]"))
	})
}

// A map that a loop fills.
func grownMap(g *generator) []string {
	return g.fn(g.some(px, pw), "map[string]int", func() {
		m := g.name("m")
		g.line(g.pick("%s := map[string]int{}", "%s := make(map[string]int)", "var %s map[string]int", "%s := make(map[string]int, 0)"), m)
		if g.chance(0.5) {
			g.line("if %s == nil { %[1]s = map[string]int{} }", m)
		}
		g.noise(0.3)
		g.vars = append(g.vars, variable{m, "map[string]int"})
		g.loop(func(i string) {
			g.noise(0.2)
			g.line(g.pick("%s[%s] = %s", "%s[%s] += %s"), m, g.expr("string", 2), i)
			g.noise(0.1)
		})
		g.noise(0.3)
		g.line("return %s", m)
	})
}

// A string that a loop adds to.
func builtString(g *generator) []string {
	return g.fn(g.some(pn, pw), "string", func() {
		g.noise(0.2)
		s := g.name("s")
		g.line(g.pick("%s := ``", "var %s string", "%s := `<`", "var %s = ``", "%s := %s", "var (\n%s string\n)", "var (\n%s = `x`\n)", "%s, _ := ``, 1"), sub(s, func() string { return g.expr("string", 1) })...)
		second := ""
		if g.chance(0.15) {
			second = g.name("s")
			g.line("%s := ``", second)
			g.vars = append(g.vars, variable{second, "string"})
		}
		if g.chance(0.5) {
			g.vars = append(g.vars, variable{s, "string"})
		}
		g.noise(0.2)
		if g.chance(0.05) {
			g.line("defer func() { show(%s) }()", s)
		}
		rounds := func() {
			g.loop(func(i string) {
				g.noise(0.15)
				if g.chance(0.2) {
					g.line("if %s { %s }", g.pick(s+` != ""`, g.cond(1), "len("+s+") > 2"), g.pick(s+` += ","`, "continue", "break", "return "+s, s+` = "r"`))
				}
				e := g.expr("string", 2)
				if g.chance(0.3) {
					e = "fmt.Sprint(" + i + ")"
				}
				g.line(g.pick("%s += %s", "%s += %s", "%s += %s", "%s = %[1]s + %s", "%s += clip(%s)", "%s = %s + clip(%[1]s)"), s, e)
				if second != "" {
					g.line(g.pick("%s += clip(%s)", "%[2]s += clip(%[1]s)", "%s += `y`"), second, s)
				}
				g.noise(0.1)
			})
		}
		rounds()
		g.noise(0.2)
		if g.chance(0.2) {
			g.line(g.pick("%s += `!`", "%s = clip(%[1]s)", "show(len(%s))", "%s = %[1]s + %[1]s"), s)
		}
		if g.chance(0.15) {
			rounds()
		}
		if second != "" {
			g.line("show(%s)", second)
		}
		g.line("return %s", g.pick(s, s, s+" + `>`", "clip("+s+")"))
	})
}

// sub are the arguments of a format that may have one operand or two.
func sub(first string, second func() string) []any { return []any{first, second()} }

// A buffer of a constant size.
func buffers(g *generator) []string {
	return g.fn(g.some(pn, pb), g.pick("string", "[]byte", "any"), func() {
		buf := g.name("buf")
		size := g.pick("8", "16", "64", "0", "n&15")
		once := func() {
			g.line(g.pick("%s := make([]byte, 0, %s)", "%s := make([]byte, %s)", "%s := make([]byte, 4, 4+%s)", "var %s []byte"), sub(buf, func() string { return size })...)
			g.vars = append(g.vars, variable{buf, "[]byte"})
			g.noise(0.2)
			for range 1 + g.IntN(3) {
				g.line(g.pick("%s = append(%[1]s, %s...)", "%s = strconv.AppendInt(%[1]s, int64(len(%s)), 10)", "copy(%s, %s)", "%s = fmt.Appendf(%[1]s, `%%s`, %s)", "if len(%s) > 2 { %[1]s[1] = byte(len(%s)) }"), buf, g.expr("string", 1))
			}
			g.noise(0.2)
		}
		if g.chance(0.3) {
			g.line("var last []byte")
			g.loop(func(string) {
				keep := g.vars
				once()
				g.line(g.pick("last = %s", "show(%s)", "last = append(last, %s...)", "last = %s[:len(%[1]s)/2]"), buf)
				g.vars = keep
			})
			g.line("return %s", g.pick("string(last)"))
			g.fixResult("string")
			return
		}
		once()
		g.line("return string(%s)", buf)
		g.fixResult("string")
	})
}

// fixResult makes the function that is being written return a type.
func (g *generator) fixResult(typ string) {
	text := g.out.String()
	i := strings.LastIndex(text, "\nfunc f")
	j := i + strings.Index(text[i+1:], "{\n") + 1
	k := strings.LastIndex(text[:j], ") ")
	g.out.Reset()
	g.out.WriteString(text[:k+2] + typ + " " + text[j:])
}

// Text made by package fmt.
func formatted(g *generator) []string {
	return g.fn(g.some(pn, ps), "(res string)", func() {
		for range 1 + g.IntN(3) {
			e := g.sprint(2)
			switch g.IntN(7) {
			case 0:
				g.line("show(%s)", e)
			case 1:
				g.line("res += %s", e)
			case 2:
				v := g.name("v")
				g.line("%s := %s", v, e)
				g.line("show(len(%s))", v)
			case 3:
				g.line("if %s == %s { return %s }", e, g.expr("string", 1), g.sprint(1))
			case 4:
				b := g.name("sb")
				g.line("var %s %s", b, g.pick("strings.Builder", "bytes.Buffer"))
				for range 1 + g.IntN(2) {
					f := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(e, "string("), "fmt."), ")")
					switch {
					case strings.HasPrefix(f, "Sprint"):
						g.line("fmt.F%s)", strings.Replace(f[1:], "(", "(&"+b+", ", 1))
					default:
						g.line("%s.WriteString(%s)", b, e)
					}
				}
				g.line("%s.Write([]byte(%s))", b, g.expr("string", 1))
				g.line("res += %s.String()", b)
			case 5:
				m := g.name("m")
				g.line("%s := map[string]int{%s: 1}", m, e)
				g.line("show(%s[%s])", m, g.sprint(1))
			case 6:
				g.line("err%d := errors.New(%s)", g.names, e)
				g.line("show(err%d)", g.names)
			}
			g.noise(0.2)
		}
		g.line("return res + %s", g.sprint(2))
	})
}

// Conversions between strings and bytes.
func converted(g *generator) []string {
	return g.fn(g.some(pb, ps, pm), "(res string)", func() {
		bs := func() string { return g.pick("b", "b", g.expr("[]byte", 1)) }
		st := func() string { return g.pick("s", "s", g.expr("string", 1)) }
		for range 2 + g.IntN(3) {
			g.noise(0.25)
			switch g.IntN(16) {
			case 0:
				g.line("show(mp[string(%s)])", bs())
			case 1:
				g.line("for i, c := range %s {", g.pick("[]byte("+st()+")", "string("+bs()+")", "[]rune("+st()+")"))
				g.line("show(i, c)")
				g.noise(0.3)
				g.line("}")
			case 2:
				g.line("if string(%s) == %s { res += `eq` }", bs(), g.pick(st(), "string("+bs()+")"))
			case 3:
				g.line("show(strings.%s(string(%s), %s))", g.pick("Contains", "HasPrefix", "Index", "Count", "LastIndex", "EqualFold", "TrimPrefix", "Split", "Trim", "Compare"), bs(), g.pick(st(), "string("+bs()+")"))
			case 4:
				g.line("show(bytes.%s([]byte(%s), []byte(%s)))", g.pick("Contains", "HasPrefix", "Index", "Equal", "Count", "TrimPrefix", "Compare", "EqualFold"), st(), st())
			case 5:
				v := g.name("b")
				g.line("%s := []byte(strings.%s(string(%s)))", v, g.pick("ToUpper", "TrimSpace", "ToLower"), bs())
				g.line("if len(%s) > 0 { %[1]s[0] = 'Z' }", v)
				g.line("show(%s, b)", v)
			case 6:
				v := g.name("v")
				g.line("%s := string(%s)", v, bs())
				g.noise(0.5)
				g.line("if len(b) > 0 { b[0]++ }")
				g.line("show(%s)", v)
			case 7:
				g.line("switch string(%s) {\ncase %s:\nres += `1`\ncase \"abc\":\nres += `2`\n}", bs(), g.pick(`"k"`, `"v"`, "s+`x`"))
			case 8:
				v := g.name("v")
				g.line("%s := append([]byte(%s), string(%s)...)", v, st(), bs())
				g.line("show(%s)", v)
			case 9:
				g.line("show(len([]rune(%s)), len(string(%s)), len([]byte(%s)))", st(), bs(), st())
			case 10:
				v := g.name("w")
				g.line("var %s %s", v, g.pick("bytes.Buffer", "strings.Builder"))
				g.line("%s.%s", v, g.pick("Write([]byte("+st()+"))", "WriteString(string("+bs()+"))", "Write([]byte(string("+bs()+")))"))
				g.line("res += %s.String()", v)
			case 11:
				g.line("res += string(%s) + %s", bs(), st())
			case 12:
				v := g.name("v")
				g.line("%s := []byte(%s)", v, st())
				g.line("show(bytes.IndexByte(%s, 'a'), string(%[1]s) == `x`)", v)
				if g.chance(0.5) {
					g.line("if len(%s) > 0 { %[1]s[0] = 'm' }", v)
					g.line("show(string(%s))", v)
				}
			case 13:
				g.line("show(bytes.%s([]byte(%s)))", g.pick("ToUpper", "TrimSpace", "Fields", "Title", "Clone"), st())
			case 14:
				g.line("show(string(bytes.%s(%s)) %s %s)", g.pick("ToUpper", "TrimSpace", "ToLower"), bs(), g.pick("==", "!=", "+"), st())
			case 15:
				g.line("if v, ok := mp[string(%s)]; ok { res += string(%s); show(v) }", bs(), bs())
				g.line("if mp != nil { mp[string(%s)]++ }", bs())
			}
		}
		g.line("return res")
	})
}

// Parts of what is split.
func splitFirst(g *generator) []string {
	return g.fn(g.some(ps, pn), "(res string)", func() {
		sep := g.pick(`"="`, `","`, `"="`, `""`, "sep", `"=="`)
		if sep == "sep" {
			g.line("sep := %s", g.pick(`"="`, g.expr("string", 1)))
			g.vars = append(g.vars, variable{"sep", "string"})
		}
		split := g.pick("strings.Split(s, "+sep+")", "strings.SplitN(s, "+sep+", 2)", "strings.Split(s, "+sep+")", "strings.SplitN(s, "+sep+", "+g.pick("1", "3", "-1", "0", "n")+")", "strings.Fields(s)", "strings.SplitAfter(s, "+sep+")", "strings.Split("+g.expr("string", 1)+", "+sep+")")
		p := g.name("parts")
		switch g.IntN(8) {
		case 0:
			g.line("return %s[%s]", split, g.pick("0", "0", "1", "n"))
			return
		case 1:
			g.line("if %s := %s; len(%[1]s) %s {", p, split, g.pick("== 2", "> 1", ">= 2", "!= 1", "== 1", "== 3", "< 2"))
			g.line("res += %s[%s] + `|` + %[1]s[%s]", p, g.pick("0", "1"), g.pick("0", "1", "0", "len("+p+")-1"))
			g.line("}")
		case 2:
			g.line("%s := %s", p, split)
			g.noise(0.2)
			g.line("if len(%s) %s { return %s }", p, g.pick("!= 2", "< 2", "<= 1", "== 1", "> 2"), g.pick("`none`", "s", p+"[0]"))
			g.noise(0.2)
			g.line("res = %s[0] + `:` + %[1]s[1]", p)
		case 3:
			a, b := g.name("a"), g.name("b")
			g.line("%s := %s", p, split)
			g.line("%s := %s[0]", a, p)
			g.line("%s := ``", b)
			g.line("if len(%s) > 1 { %s = %[1]s[1] }", p, b)
			g.noise(0.2)
			g.line("res = %s + `|` + %s", a, b)
		case 4:
			g.line("%s := %s", p, split)
			g.noise(0.2)
			g.line("s = `changed`")
			g.line("switch len(%s) {\ncase 1:\nres = %[1]s[0]\ncase 2:\nres = %[1]s[1]\ndefault:\nres = fmt.Sprint(len(%[1]s))\n}", p)
		case 5:
			g.line("%s := %s", p, split)
			g.line("if len(%s) > 0 { %[1]s[0] = clip(%[1]s[0]) }", p)
			g.line("res = strings.Join(%s, `+`)", p)
		case 6:
			g.line("show(len(%s), strings.Count(s, `,`))", split)
		case 7:
			g.line("%s := %s", p, split)
			g.line("f := func() string { return %s[%s] }", p, g.pick("0", "1"))
			g.noise(0.3)
			g.line("return f() + %s[0]", p)
			return
		}
		g.noise(0.2)
		g.line("return res")
	})
}

// Loops over what is split.
func splitLoop(g *generator) []string {
	return g.fn(g.some(ps, pb), "(res string)", func() {
		w := g.name("w")
		i := g.pick("_", "_", "_", g.name("i"))
		bytes := g.chance(0.3)
		src := g.pick("strings.Split(s, `,`)", "strings.Fields(s)", "strings.Split("+g.expr("string", 1)+", "+g.expr("string", 1)+")", "strings.SplitAfter(s, `=`)", "strings.SplitN(s, `,`, 2)", "strings.FieldsFunc(s, func(r rune) bool { return r == ',' || tr(int(r)) == 'x' })")
		if bytes {
			src = g.pick("bytes.Split(b, []byte(`,`))", "bytes.Fields(b)", "bytes.Split([]byte(s), []byte(`=`))", "bytes.SplitAfter(b, []byte(s))")
		}
		g.noise(0.2)
		if g.chance(0.15) {
			p := g.name("parts")
			g.line("%s := %s", p, src)
			src = p
			if g.chance(0.4) {
				g.line("show(len(%s))", p)
			}
		}
		decl := ":="
		if g.chance(0.08) && !bytes {
			g.line("var %s string", w)
			i, decl = "_", "="
			g.line("defer func() { show(%s) }()", w)
		}
		g.line("for %s, %s %s range %s {", i, w, decl, src)
		if i != "_" && g.chance(0.7) {
			g.line("show(%s)", i)
		} else if i != "_" {
			g.line("_ = %s", i)
		}
		labels := g.labels
		g.labels = append(g.labels, "")
		if bytes {
			g.line(g.pick("res += string(%s)", "if len(%s) > 0 { %[1]s[0] = 'q' }; res += string(b)", "show(append(%s, '!'))"), w)
			g.line("_ = %s", w)
		} else {
			g.vars = append(g.vars, variable{w, "string"})
			g.noise(0.3)
			switch g.IntN(6) {
			case 0:
				g.line("if %s == `a` { %s }", w, g.pick("continue", "break", "return `r`", "panic(`p`)"))
			case 1:
				g.line("s += `,z`")
			case 2:
				g.line("defer func() { res += %s }()", w)
			}
			g.line("res += %s", w)
		}
		g.noise(0.2)
		g.labels = labels
		g.line("}")
		g.vars = g.vars[:2]
		g.line("return res")
	})
}

// A function that returns a pointer, and uses of it.
func constructor(g *generator) []string {
	mk := g.name("make")
	withErr := g.chance(0.3)
	params := "n int, s string"
	res := map[bool]string{true: "(*node, error)", false: g.pick("*node", "(res *node)", "*node", "*node", "any", "fmt.Stringer")}[withErr]
	ret := func(v string) string {
		if withErr {
			return "return " + v + ", " + g.pick("nil", "nil", "fault(s)")
		}
		return "return " + v
	}
	method := g.chance(0.15)
	recv := ""
	if method {
		recv = "(c celsius) "
	}
	keep := g.vars
	g.vars = []variable{pn, ps}
	g.line("func %s%s(%s) %s {", recv, mk, params, res)
	g.noise(0.2)
	if g.chance(0.2) {
		g.line("if %s { %s }", g.cond(1), ret(g.pick("nil", "&node{N: -1}", "&node{}")))
	}
	switch g.IntN(4) {
	case 0:
		g.line("%s", ret("&node{N: n, S: s}"))
	case 1:
		g.line("v := &node{N: %s}", g.expr("int", 1))
		g.line("v.S = %s", g.expr("string", 1))
		g.noise(0.3)
		g.line("if n > 1 { v.grow(n) }")
		g.line("%s", ret("v"))
	case 2:
		g.line("var v node")
		g.line("v.N = %s", g.expr("int", 1))
		g.loop(func(i string) { g.line("v.Xs = append(v.Xs, %s)", i) })
		g.line("%s", ret("&v"))
	case 3:
		g.line("v := new(node)")
		g.line("v.N, v.S = n, s")
		if g.chance(0.2) {
			g.line("kept%s = v", mk)
		}
		if g.chance(0.2) {
			g.line("defer func() { v.N++ }()")
		}
		g.line("%s", ret("v"))
	}
	g.line("}\n")
	if strings.Contains(g.out.String(), "kept"+mk) {
		g.line("var kept%s *node\n", mk)
	}
	g.vars = keep
	call := func() string {
		f := mk
		if method {
			f = "celsius(1)." + mk
		}
		return fmt.Sprintf("%s(%s, %s)", f, g.expr("int", 1), g.expr("string", 1))
	}
	pointer := res == "*node" || res == "(res *node)" || withErr
	return g.fn(g.some(pn, ps), "int", func() {
		p := g.name("p")
		if withErr {
			g.line("%s, err%d := %s", p, g.names, call())
			g.line(g.pick("if err%[2]d != nil { return -1 }", "show(err%[2]d)"), p, g.names)
		} else {
			g.line("%s := %s", p, call())
		}
		if !pointer {
			g.line("show(%s, %[1]s == nil)", p)
			g.line("return 0")
			return
		}
		if g.chance(0.15) {
			g.line("if %s == nil { return -2 }", p)
		}
		most := 4 // that keep the pointer here
		if g.chance(0.3) {
			most = 15
		}
		for range 1 + g.IntN(4) {
			switch g.IntN(most) {
			case 0:
				g.line("%s.N += %s", p, g.expr("int", 1))
			case 1:
				g.line("show(%s.S, %[1]s.N)", p)
			case 2:
				g.line("show(%s.String(), %[1]s.sum(2))", p)
			case 3:
				g.line("%s.Xs = append(%[1]s.Xs, %[1]s.sum(n))", p)
			case 4:
				g.line(g.pick("%s.grow(n)", "q%[2]d := %[1]s; q%[2]d.N = 40"), p, g.names)
			case 5:
				g.line("show(%s)", p)
			case 9:
				g.line("f%d := %s.%s", g.names, p, g.pick("sum", "grow"))
				g.line("%s.N += 3", p)
				g.line("show(f%d(1))", g.names)
			case 6:
				g.line("defer func() { show(%s.N) }()", p)
			case 7:
				g.line("w%d := *%s", g.names, p)
				g.line("w%d.N++", g.names)
				g.line("show(w%d.N)", g.names)
			case 8:
				g.line("show(%s.Xs, len(%[1]s.S))", p)
			case 14:
				if !withErr {
					g.line("%s = %s", p, call())
				}
			case 10:
				g.line("ns%d := []*node{%s, %[2]s}", g.names, p)
				g.line("ns%d[0].N++", g.names)
				g.line("show(ns%d[1].N)", g.names)
			case 11:
				g.line("var sg%d fmt.Stringer = %s", g.names, p)
				g.line("%s.N++", p)
				g.line("show(sg%d.String())", g.names)
			case 12:
				g.line("for i := 0; i < 2; i++ { %s.N *= 2; %[1]s.Xs = append(%[1]s.Xs, i) }", p)
			case 13:
				if !withErr && !method {
					g.line("show(func(f func(int, string) %s) bool { return f != nil }(%s), %s.N)", strings.TrimPrefix(strings.Trim(res, "()"), "res "), mk, call())
				}
			}
			g.names++
		}
		g.line("return %s.N", p)
	})
}

// A function that returns a slice, called often.
func listResult(g *generator) []string {
	mk := g.name("list")
	keep := g.vars
	g.vars = []variable{pn, ps}
	g.line("func %s(n int, s string) []int {", mk)
	g.line("%s", g.pick("var out []int", "out := []int{}", "out := make([]int, 0, 4)"))
	if g.chance(0.2) {
		g.line("if n > 2 { return nil }")
	}
	g.loop(func(i string) {
		g.noise(0.2)
		g.line("out = append(out, %s)", g.pick(i, g.expr("int", 1)))
	})
	if g.chance(0.15) {
		g.line("if n > 1 && n < 5 { out = append(out, %s(n-1, ``)...) }", mk)
	}
	g.line("return out\n}\n")
	g.vars = keep
	return g.fn(g.some(pn, ps), "[]int", func() {
		g.line("var all []int")
		g.line("var kept [][]int")
		g.loop(func(i string) {
			r := g.name("r")
			g.line("%s := %s(%s, %s)", r, mk, g.pick(i, g.expr("int", 1)), g.expr("string", 1))
			g.vars = append(g.vars, variable{r, "[]int"})
			g.noise(0.3)
			switch g.IntN(6) {
			case 0:
				g.line("kept = append(kept, %s)", r)
			case 1:
				g.line("all = append(all, %s...)", r)
			case 2:
				g.line("show(%s == nil)", r)
			case 3:
				g.line("for _, v := range %s { all = append(all, v) }", r)
			case 4:
				g.line("all = %s", r)
			case 5:
				g.line("show(len(%s), %s(2, s))", r, mk)
			}
		})
		g.line("show(kept)")
		g.line("return all")
	})
}

// Functions with interface parameters.
func interfaces(g *generator) []string {
	fn := g.name("use")
	typ := g.pick("fmt.Stringer", "any", "error", "io.Writer", "interface{ sum(int) int }")
	keep := g.vars
	g.vars = []variable{pn}
	g.line("func %s(v %s, n int) string {", fn, typ)
	if g.chance(0.3) {
		g.line("if v == nil { return `nil` }")
	}
	g.noise(0.3)
	switch typ {
	case "fmt.Stringer":
		g.line("%s", g.pick("return v.String()", "s := v.String()\nn++\nreturn fmt.Sprint(s, n)", "f := v.String\nreturn f() + f()", "if x, ok := v.(celsius); ok { return fmt.Sprint(int(x)) }\nreturn v.String()"))
	case "error":
		g.line("return %s", g.pick("v.Error()", "fmt.Sprint(v)", "fmt.Errorf(`%w`, v).Error()"))
	case "io.Writer":
		g.line("k, err := %s", g.pick("io.WriteString(v, `w`)", "fmt.Fprintf(v, `%d`, n)", "v.Write([]byte(`x`))"))
		g.line("return fmt.Sprint(k, err)")
	case "any":
		g.line("%s", g.pick("return fmt.Sprint(v)", "switch v := v.(type) {\ncase int:\nreturn fmt.Sprint(v + n)\ncase string:\nreturn v\n}\nreturn `other`", "return fmt.Sprintf(`%T`, v)", "return fmt.Sprint(v == any(n))"))
	default:
		g.line("return fmt.Sprint(v.sum(n))")
	}
	g.line("}\n")
	g.vars = keep
	return g.fn(g.some(pn, ps), "(res string)", func() {
		var arg func() string
		switch typ {
		case "fmt.Stringer":
			arg = func() string { return g.pick("celsius(n)", "celsius(n)", "&node{N: n}", g.expr("celsius", 1)) }
		case "error":
			arg = func() string { return g.pick("fault(s)", "fault(s)", g.expr("error", 1)) }
		case "io.Writer":
			g.line("var w bytes.Buffer")
			arg = func() string { return g.pick("&w", "&w", "io.Discard") }
		case "any":
			same := g.pick("int", "string")
			arg = func() string { return g.expr(g.pick(same, same, same, "any"), 1) }
		default:
			arg = func() string { return g.pick("node{N: n}", "node{N: n}", "&node{N: n}") }
		}
		for range 1 + g.IntN(3) {
			g.noise(0.2)
			g.line("res += %s(%s, %s)", fn, arg(), g.expr("int", 1))
		}
		if g.chance(0.1) {
			g.line("h := %s", fn)
			g.line("res += h(%s, 1)", arg())
		}
		if typ == "io.Writer" {
			g.line("res += w.String()")
		}
		g.line("return res")
	})
}

// Variadic functions.
func variadics(g *generator) []string {
	fn := g.name("many")
	typ := g.pick("int", "int", "any", "string")
	keep := g.vars
	g.vars = []variable{pn}
	g.line("func %s(n int, vs ...%s) string {", fn, typ)
	switch g.IntN(7) {
	case 0:
		g.line("return fmt.Sprint(n, len(vs), vs == nil)")
	case 1:
		g.line("res := ``")
		g.line("for i, v := range vs { res += fmt.Sprint(i, v); n++ }")
		g.line("return res + fmt.Sprint(n)")
	case 2:
		g.line("if len(vs) > 0 { vs[0] = vs[len(vs)-1] }")
		g.line("return fmt.Sprint(vs)")
	case 3:
		g.line("if len(vs) == 0 { return `none` }")
		g.line("return fmt.Sprint(vs[0]) + %s(n, vs[1:]...)", fn)
	case 4:
		g.line("vs = append(vs, vs...)")
		g.line("return fmt.Sprint(vs, len(vs))")
	case 5:
		g.line("kept%s = append(kept%[1]s, vs)", fn)
		g.line("return fmt.Sprint(kept%s)", fn)
	case 6:
		g.noise(0.5)
		g.line("for _, v := range vs { if fmt.Sprint(v) == `1` { return `one` } }")
		g.line("return fmt.Sprint(len(vs))")
	}
	g.line("}\n")
	if strings.Contains(g.out.String(), "kept"+fn) {
		g.line("var kept%s [][]%s\n", fn, typ)
	}
	g.vars = keep
	return g.fn(g.some(pn, px), "(res string)", func() {
		for range 1 + g.IntN(4) {
			var args []string
			for range g.IntN(4) {
				args = append(args, g.expr(typ, 1))
			}
			switch {
			case g.chance(0.15) && typ == "int":
				g.line("res += %s(%s, xs...)", fn, g.expr("int", 1))
				g.line("show(xs)")
			case g.chance(0.1):
				g.line("res += %s(n, nil...)", fn)
			default:
				g.line("res += %s(%s)", fn, strings.Join(append([]string{g.expr("int", 1)}, args...), ", "))
			}
			g.noise(0.2)
		}
		g.line("return res")
	})
}

// What could be made once.
func onlyOnce(g *generator) []string {
	return g.fn(g.some(ps, pn), "(res string)", func() {
		g.noise(0.3)
		re := g.name("re")
		switch g.IntN(8) {
		case 0, 1:
			g.line("%s := regexp.MustCompile(%s)", re, g.pick("`[a-c]+`", "`a|ab`", "`(`", `"^"+s`, "`(\\w)=(\\w)`"))
			if g.chance(0.2) {
				g.line("%s.Longest()", re)
			}
			g.noise(0.2)
			g.line("res = %s.%s", re, g.pick("FindString(s)", "ReplaceAllString(s, `$1_`)", "String()", "FindString(s) + fmt.Sprint("+re+".NumSubexp())"))
		case 2:
			g.line("%s := map[string]int{`a`: 1, `k`: 2}", re)
			g.noise(0.2)
			if g.chance(0.3) {
				g.line("%s[s]++", re)
			}
			g.line("res = fmt.Sprint(%s[s], len(%[1]s))", re)
		case 3:
			g.line("%s := []string{`x`, `y`, `z`}", re)
			if g.chance(0.3) {
				g.line("%s[0] = s", re)
			}
			g.line("for _, v := range %s { if v == s { res += v }; res += v }", re)
		case 4:
			g.line("%s := strings.NewReplacer(%s)", re, g.pick("`a`, `b`", "`a`, `b`, `b`, `a`", "`a`, s", "`a`"))
			g.line("res = %s.Replace(s)", re)
		case 5:
			g.line("if n > 1 {")
			g.line("%s := regexp.MustCompile(%s)", re, g.pick("`x+`", "`)`"))
			g.line("return fmt.Sprint(%s.MatchString(s))", re)
			g.line("}")
		case 6:
			g.line("%s := func(x int) int { return x * 2 }", re)
			g.line("res = fmt.Sprint(%s(n))", re)
		case 7:
			g.line("%s := errors.New(`fixed`)", re)
			g.line("if n > 1 { res = %s.Error() }", re)
			g.line("show(%s, %[1]s == errors.New(`fixed`))", re)
		}
		g.noise(0.2)
		g.line("return res")
	})
}

// What a loop makes again in each round.
func invariants(g *generator) []string {
	return g.fn(g.some(pn, ps, px), "(res string)", func() {
		g.line("var kept []any")
		g.noise(0.2)
		g.loop(func(i string) {
			v := g.name("v")
			g.noise(0.2)
			init := g.pick("make([]int, 3)", "make([]byte, 0, 8)", "[]byte(s)", "[]byte(`const`)", g.sprint(1), "s + `x`", "&node{N: 1}", "new(node)", "map[string]int{}", "[]int{1, 2}", "new(bytes.Buffer)", "regexp.MustCompile(`a+`)", "strings.Repeat(s, 2)", "append([]int(nil), xs...)", "[]int{n, "+i+"}", "strings.ToUpper(s)", "strings.Fields(s)")
			g.line("%s := %s", v, init)
			switch {
			case strings.HasPrefix(init, "make([]int") || strings.HasPrefix(init, "[]int"):
				g.line(g.pick("%s[0] += %s", "show(%s[1], %s)", "%s = append(%[1]s, %s)", "_ = %s[%s%%1]"), v, i)
			case strings.HasPrefix(init, "make([]byte"):
				g.line("%s = append(%[1]s, byte('a'+%s%%3))", v, i)
				g.line(g.pick("res += string(%s)", "kept = append(kept, %s)"), v)
			case strings.Contains(init, "node"):
				g.line(g.pick("%s.N += %s", "%s.grow(%s)", "show(%s.sum(%s))"), v, i)
			case strings.HasPrefix(init, "map"):
				g.line("%s[`k`] += %s", v, i)
				g.line("show(%s)", v)
			case strings.HasPrefix(init, "new(bytes"):
				g.line("fmt.Fprint(%s, %s)", v, i)
				g.line("res += %s.String()", v)
			case strings.HasPrefix(init, "regexp"):
				g.line("res += %s.FindString(s)", v)
			case strings.HasPrefix(init, "[]byte"):
				g.line(g.pick("if len(%s) > 0 { %[1]s[0] = 'q' }", "show(%s)", "res += string(%s)"), v)
			}
			if g.chance(0.3) {
				g.line(g.pick("kept = append(kept, %s)", "defer func() { show(%s) }()", "show(%s)", "res += fmt.Sprint(%s)"), v)
			} else {
				g.line("_ = %s", v)
			}
			g.noise(0.3)
		})
		g.line("show(kept...)")
		g.line("return res")
	})
}

// Functions in functions.
func closures(g *generator) []string {
	return g.fn(g.some(pn, ps, px), "(res int)", func() {
		f := g.name("f")
		g.line("x := %s", g.expr("int", 1))
		g.vars = append(g.vars, variable{"x", "int"})
		switch g.IntN(7) {
		case 0:
			g.line("%s := func() int { %s; return x + n }", f, g.pick("x++", "", "n--", "show(x)"))
			g.noise(0.4)
			g.line("x = %s", g.expr("int", 1))
			g.line("res = %s() + %[1]s()", f)
		case 1:
			g.line("var fs []func() int")
			g.loop(func(i string) {
				g.line("fs = append(fs, func() int { %s; return %s })", g.pick("x++", ""), g.pick(i, i+" + x"))
				g.noise(0.2)
			})
			g.line("for _, f := range fs { res += f() }")
		case 2:
			g.loop(func(i string) {
				g.line("%s := func(y int) int { return y %s }", f, g.pick("+ 1", "+ n", "+ x", "+ "+i))
				g.noise(0.3)
				g.line("res += %s(%s)", f, g.expr("int", 1))
			})
		case 3:
			g.line("each := func(ys []int, f func(int)) { for _, y := range ys { f(y) } }")
			g.line("each(xs, func(y int) { res += y + x; %s })", g.pick("", "x++", "s += `.`"))
		case 4:
			g.line("defer func() { res += x; show(s) }()")
			g.noise(0.5)
			g.line("x += 2")
			g.line("return x")
		case 5:
			g.line("var %s func(int) int", f)
			g.line("%s = func(y int) int { if y <= 0 { return x }; x++; return %[1]s(y-1) }", f)
			g.line("res = %s(min(n, 5))", f)
		case 6:
			g.line("done := make(chan int, 1)")
			g.line("go func(y int) { done <- y + n }(%s)", g.pick("x", "1", "len(s)"))
			g.line("res = <-done")
		}
		g.noise(0.2)
		g.line("return res")
	})
}

// Methods as values.
func methodValues(g *generator) []string {
	return g.fn(g.some(pn, pp), "(res int)", func() {
		f := g.name("f")
		g.line("if %s { p = &node{N: n} }", g.pick("p == nil", "n > 2"))
		g.line("v := %s", g.pick("*p", "node{N: n}"))
		g.line("%s := %s", f, g.pick("p.sum", "v.sum", "v.sum", "fmt.Stringer(p).String", "celsius(n).String", "p.String"))
		g.noise(0.4)
		g.line("%s", g.pick("v.N = 50", "p.N = 60", "p = &node{N: 70}", "v = node{}", "_ = v"))
		use := f + "(2)"
		if strings.Contains(g.out.String()[strings.LastIndex(g.out.String(), f+" :="):], "String") {
			use = "len(" + f + "())"
		}
		switch g.IntN(4) {
		case 0:
			g.loop(func(string) { g.line("res += %s", use) })
		case 1:
			g.line("defer func() { show(%s) }()", use)
		case 2:
			g.line("g := %s", f)
			g.line("res = %s", strings.Replace(use, f, "g", 1))
		case 3:
			g.line("res = %s + func(h func(int) int) int { return h(1) }(v.sum)", use)
		}
		g.line("return res + v.N")
	})
}

// Deferred calls in loops.
func deferred(g *generator) []string {
	return g.fn(g.some(px, pn), "(res int)", func() {
		g.noise(0.2)
		g.loop(func(i string) {
			g.noise(0.2)
			switch g.IntN(6) {
			case 0:
				g.line("defer show(%s, res)", i)
			case 1:
				g.line("defer func() { res += %s; show(res) }()", i)
			case 2:
				g.line("defer func(k int) { res = res*2 + k %% 5 }(%s)", g.expr("int", 1))
			case 3:
				g.line("func() { defer func() { res++ }(); %s }()", g.pick("show(res)", "res += 2", "boom("+i+")"))
			case 4:
				g.line("if %s { defer show(%s) }", g.cond(1), g.expr("string", 1))
			case 5:
				g.line("defer tr(%s)", i)
			}
			g.line("res += boom(%s)", i)
			g.noise(0.2)
		})
		g.noise(0.2)
		g.line("return res")
	})
}

// Buffers that a pool could hold.
func pooled(g *generator) []string {
	res := g.pick("string", "string", "string", "[]byte", "*bytes.Buffer", "any")
	return g.fn(g.some(ps, pn, pw), res, func() {
		buf := g.name("buf")
		loop := g.chance(0.2)
		if loop {
			g.line("var last %s", res)
			g.line("for range []int{1, 2} {")
		}
		ptr := buf
		if g.chance(0.4) {
			g.line("var %s bytes.Buffer", buf)
			ptr = "&" + buf
		} else {
			g.line("%s := %s", buf, g.pick("new(bytes.Buffer)", "&bytes.Buffer{}", "bytes.NewBuffer(nil)", "bytes.NewBuffer(make([]byte, 0, 64))", "bytes.NewBufferString(``)", "bytes.NewBufferString("+g.expr("string", 1)+")"))
		}
		g.noise(0.2)
		for range 1 + g.IntN(4) {
			switch g.IntN(11) {
			case 0, 1:
				g.line("%s.WriteString(%s)", buf, g.expr("string", 1))
			case 2:
				g.line("fmt.Fprintf(%s, `%%d;`, %s)", ptr, g.expr("int", 1))
			case 3:
				g.loop(func(i string) {
					g.line("%s.WriteByte(byte('a' + %s%%3))", buf, i)
					g.noise(0.2)
				})
			case 4:
				g.line("if %s { return %s }", g.cond(1), map[string]string{"string": buf + ".String()", "[]byte": g.pick("nil", buf+".Bytes()"), "*bytes.Buffer": "nil", "any": "nil"}[res])
			case 5:
				g.line("show(%s.Len(), %[1]s.Bytes() == nil)", buf)
			case 6:
				g.line("if err := json.NewEncoder(%s).Encode(%s); err != nil { panic(err) }", ptr, g.expr(g.pick("string", "[]int", "*node"), 1))
			case 7:
				g.line("io.WriteString(%s, %s)", ptr, g.expr("string", 1))
			case 8:
				g.line("show(string(%s.Next(2)), bytes.Contains(%[1]s.Bytes(), []byte(`a`)))", buf)
			case 9:
				g.line("%s.Write(%[1]s.%s)", buf, g.pick("Bytes()", "Next(3)", "Bytes()[:min(1, "+buf+".Len())]"))
			case 10:
				g.line(g.pick("%s.Reset()", "%s.Truncate(%[1]s.Len() / 2)", "%s.ReadByte()", "show(%s.UnreadByte())", "func() { %s.WriteByte('c') }()", "defer %s.Reset()", "defer func() { show(%s.Len()) }()"), buf)
			}
		}
		v := map[string][]string{"string": {buf + ".String()", buf + ".String()", "strings.ToUpper(" + buf + ".String())", "string(" + buf + ".Bytes())", "string(bytes.TrimSpace(" + buf + ".Bytes()))"}, "[]byte": {buf + ".Bytes()", "bytes.Clone(" + buf + ".Bytes())", "append([]byte(nil), " + buf + ".Bytes()...)", "[]byte(" + buf + ".String())", "bytes.TrimSpace(" + buf + ".Bytes())"}, "*bytes.Buffer": {ptr}, "any": {ptr, buf + ".String()", buf + ".Bytes()", "len(" + buf + ".Bytes())"}}[res]
		if loop {
			g.line("last = %s", g.pick(v...))
			g.line("show(%s.Len())", buf)
			g.line("}")
			g.line("return last")
			return
		}
		if g.chance(0.3) {
			w := g.name("w")
			g.line("%s := %s", w, g.pick(v...))
			g.noise(0.5)
			g.line("%s.WriteString(`more`)", buf)
			g.line("return %s", w)
			return
		}
		g.line("return %s", g.pick(v...))
	})
}

// A loop that writes runes of a string.
func mappedRunes(g *generator) []string {
	return g.fn(g.some(ps, pn), "string", func() {
		b := g.name("b")
		list := g.chance(0.3)
		switch {
		case list:
			g.line(g.pick("var %s []rune", "%s := make([]rune, 0, len(s))", "%s := []rune{}", "%s := make([]rune, 0)"), b)
		default:
			g.line("var %s %s", b, g.pick("strings.Builder", "bytes.Buffer"))
		}
		if !list && g.chance(0.3) {
			g.line("%s.Grow(len(s))", b)
		}
		g.noise(0.1)
		write := func() {
			what := g.pick("r", "r", "r", "unicode.ToUpper(r)", "'x'", "'é'", "r-1", "rune(n)", "'\\ufffd'")
			switch {
			case list:
				g.line("%s = append(%[1]s, %s)", b, what)
			case g.chance(0.2):
				g.line(g.pick("%s.WriteByte('_')", "%s.WriteString(`·`)", "%s.WriteString(`ab`)", "%s.WriteByte(byte(r))", "%s.WriteByte('\\xe9')"), b)
			default:
				g.line("%s.WriteRune(%s)", b, what)
			}
		}
		key := g.pick("_", "_", "_", "i")
		g.line("for %s, r := range %s {", key, g.pick("s", "s", `s+"\xffz"`, g.expr("string", 1)))
		if key != "_" {
			g.line("show(i)")
		}
		g.noise(0.1)
		cond := func() string {
			return g.pick("unicode.IsLetter(r)", "r > 'b'", "r == 'a'", "r != '\\ufffd'", g.cond(1))
		}
		switch g.IntN(4) {
		case 0:
			g.line("if %s {", cond())
			write()
			g.line("}")
		case 1:
			g.line("if %s {", cond())
			write()
			g.line("%s\n}", g.pick("continue", "continue", "", "break"))
			write()
		case 2:
			g.line("switch {\ncase %s:", cond())
			write()
			g.line("case %s:\n%s\ndefault:", cond(), g.pick("", "continue", "break", "fallthrough"))
			write()
			g.line("}")
		case 3:
			g.line("if %s { continue } else if %s { r = %s }", cond(), cond(), g.pick("'q'", "unicode.ToLower(r)", "r + 1"))
			write()
		}
		g.line("show(r)")
		g.line("}")
		g.noise(0.2)
		switch {
		case list:
			g.line("return string(%s)", b)
		default:
			g.line("return %s.String()", b)
		}
	})
}

// A loop that writes a rune of a string, or none, as most do.
func mappedPlainly(g *generator) []string {
	return g.fn(g.some(ps, pn), "string", func() {
		b := g.name("b")
		put := b + ".WriteRune(%s)"
		result := b + ".String()"
		if g.chance(0.25) {
			g.line("var %s []rune", b)
			put, result = b+" = append("+b+", %s)", "string("+b+")"
		} else {
			g.line("var %s %s", b, g.pick("strings.Builder", "bytes.Buffer"))
		}
		g.line("for _, r := range %s {", g.pick("s", "s", `s+"\xffz"`, g.expr("string", 1)))
		cond := g.pick("unicode.IsLetter(r)", "r > 'b'", "r == 'a'", "r != '\\ufffd'")
		one, other := fmt.Sprintf(put, "r"), fmt.Sprintf(put, g.pick("'x'", "'é'", "unicode.ToUpper(r)", "'\\ufffd'"))
		switch g.IntN(4) {
		case 0:
			g.line("if %s { %s }", cond, one)
		case 1:
			g.line("if %s { %s; continue }\n%s", cond, other, one)
		case 2:
			g.line("switch {\ncase %s: %s\ncase tr(int(r)) == n:\ndefault: %s }", cond, other, one)
		case 3:
			g.line("if %s { continue }\n%s", cond, other)
		}
		g.line("}")
		g.noise(0.1)
		g.line("return %s", result)
	})
}

// A function with a parameter of an interface type of which it only calls
// methods, and calls of it.
func calledConcretely(g *generator) []string {
	fn := g.name("call")
	kind := g.IntN(3)
	typ := []string{"fmt.Stringer", "error", "interface{ sum(int) int }"}[kind]
	use := []string{"len(v.String())", "len(v.Error())", "v.sum(n)"}[kind]
	args := [][]string{{"celsius(n)", "celsius(len(s))", "&node{N: n}"}, {"fault(s)", "fault(s + `x`)", "fault(`c`)"}, {"node{N: n}", "node{S: s}", "*p"}}[kind]
	keep := g.vars
	g.vars = []variable{pn}
	g.line("func %s(v %s, n int) int {", fn, typ)
	g.noise(0.15)
	switch g.IntN(3) {
	case 0:
		g.line("return %s", use)
	case 1:
		g.line("n += %s", use)
		g.line("return n + %s", use)
	case 2:
		g.line("if n > 0 { return %s(v, n-2) + 1 }", fn)
		g.line("return %s", use)
	}
	g.line("}\n")
	g.vars = keep
	return g.fn(g.some(pn, ps, pp), "(res int)", func() {
		if g.chance(0.5) {
			g.line("if p == nil { p = new(node) }")
		}
		few := args[:1+g.IntN(len(args))]
		for range 1 + g.IntN(3) {
			g.noise(0.2)
			g.line("res += %s(%s, %s)", fn, g.pick(few...), g.pick("n", "2", "len(s)", g.expr("int", 1)))
		}
		g.line("return res")
	})
}

// Sorting with a function.
func sorted(g *generator) []string {
	return g.fn(g.some(px, pw), "[]int", func() {
		g.line("ns := []*node{{N: 2}, {N: 1, S: `b`}, {N: 1, S: `a`}}")
		g.noise(0.2)
		switch g.IntN(5) {
		case 0:
			g.line("sort.%s(xs, func(i, j int) bool { return xs[i] %s xs[j] })", g.pick("Slice", "SliceStable", "Slice"), g.pick("<", ">", "<", "<=", "!="))
		case 1:
			g.line("sort.Slice(ss, func(i, j int) bool { return %s })", g.pick("ss[i] < ss[j]", "len(ss[i]) < len(ss[j])", "ss[j] < ss[i]", "strings.ToLower(ss[i]) < strings.ToLower(ss[j])", "trs(ss[i]) < ss[j]"))
		case 2:
			g.line("sort.%s(ns, func(a, b int) bool {", g.pick("Slice", "SliceStable"))
			g.line("%s", g.pick("if ns[a].N != ns[b].N { return ns[a].N < ns[b].N }; return ns[a].S < ns[b].S", "x, y := ns[a], ns[b]\nreturn x.N > y.N", "return ns[a].N < ns[b].N", "if ns[a].N == ns[b].N { return ns[a].S > ns[b].S }\nreturn ns[a].N < ns[b].N"))
			g.line("})")
		case 3:
			g.line("cp := append([]int(nil), xs...)")
			g.line("sort.Slice(cp, func(i, j int) bool { return %s })", g.pick("xs[cp[i]%len(xs)] < xs[0]", "cp[i]%3 < cp[j]%3", "-cp[i] < -cp[j]", "cp[i] < cp[j] && global > 0"))
			g.line("show(cp)")
		case 4:
			g.line("sort.Slice(xs[:len(xs)/2], func(i, j int) bool { return xs[i] < xs[j] })")
		}
		g.line("show(ss, ns)")
		g.line("return xs")
	})
}

// Variables that each round of a loop has filled by somebody else.
func filled(g *generator) []string {
	return g.fn(g.some(pn, pw), "(res int)", func() {
		g.line("var kept []any")
		typ := g.pick("int", "int", "string", "node", "[]int", "map[string]int", "celsius")
		g.noise(0.2)
		g.line("for %s, w := range append([]string{`3 4`, `{\"N\": 2}`, `[1, 2]`, `{\"k\": 5}`}, ss...) {", g.pick("_", "n"))
		v := g.name("v")
		g.noise(0.2)
		g.line(g.pick("var %s %s", "var %s %s", "var %s %s", "%s := *new(%s)"), v, typ)
		if g.chance(0.3) {
			g.line("if len(w) > 3 { %s }", g.pick("continue", "w = `7`", "break"))
		}
		scans := typ == "int" || typ == "string" || typ == "celsius"
		switch {
		case scans && g.chance(0.7):
			g.line(g.pick("fmt.Sscan(w, &%s)", "if _, err := fmt.Sscan(w, &%s); err != nil { show(err) }", "k, err := fmt.Sscanf(w, `%%v`, &%s)\nshow(k, err)"), v)
		default:
			g.line(g.pick("json.Unmarshal([]byte(w), &%s)", "if json.Unmarshal([]byte(w), &%s) != nil { n++ }", "json.NewDecoder(strings.NewReader(w)).Decode(&%s)"), v)
		}
		g.noise(0.3)
		g.line(g.pick("kept = append(kept, %s)", "kept = append(kept, &%s)", "show(%s)", "res += len(fmt.Sprint(%s))", "defer show(%s)", "defer func() { show(%s) }()"), v)
		g.line("}")
		g.line("show(kept...)")
		g.line("return res + n")
	})
}

// Functions given to others in loops.
func callbacks(g *generator) []string {
	each := g.name("each")
	keep := g.pick("", "", "kept"+each+" = append(kept"+each+", f); ")
	g.line("func %s(xs []int, f func(int) int) (n int) { %sfor _, x := range xs { n += f(x) }; return n }\n", each, keep)
	if keep != "" {
		g.line("var kept%s []func(int) int\n", each)
	}
	return g.fn(g.some(pn, px, pp), "(res int)", func() {
		k := g.name("k")
		g.line("%s := %s", k, g.expr("int", 1))
		if g.chance(0.7) {
			g.line("if p == nil { p = new(node) }")
		}
		g.noise(0.2)
		g.loop(func(i string) {
			g.noise(0.2)
			f := g.pick("func(x int) int { "+k+" += x; return "+k+" }", "func(x int) int { return x * 2 }", "func(x int) int { return x + "+i+" }",
				"func(x int) int { res++; return x }", "p.sum", "func(x int) int { return p.grow(x%3).N }", "boom", "func(x int) int { n := x; return n + "+k+" }")
			switch {
			case g.chance(0.2):
				h := g.name("h")
				g.line("%s := %s", h, f)
				g.noise(0.2)
				g.line("res += %s(xs, %s)", each, h)
			case g.chance(0.2):
				g.line("if %s { res += %s(xs, %s) }", g.cond(1), each, f)
			default:
				g.line("res += %s(xs, %s)", each, f)
			}
			g.line("res %%= 1000")
			g.noise(0.2)
		})
		if keep != "" {
			g.line("for _, f := range kept%s { show(f(2)) }", each)
			g.line("kept%s = nil", each)
		}
		g.line("return res + %s", k)
	})
}

// Statements of all kinds.
func anything(g *generator) []string {
	return g.fn(g.some(pn, ps, px, pb), "string", func() {
		for range 3 + g.IntN(5) {
			g.stmt()
		}
		g.line("return %s", g.expr("string", 3))
	})
}
