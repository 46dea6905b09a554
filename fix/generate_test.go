package fix_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// A generator writes programs that hold what fixers look for, each time with
// something else around it. The same seed gives the same program.
type generator struct {
	*rand.Rand
	out    bytes.Buffer
	names  int
	vars   []variable
	frozen []string // variables that a loop's end depends on
	labels []string // of the loops around
	depth  int      // of statements
	minor  int      // of the language version
}

type variable struct{ name, typ string }

// generate is the program of a seed, not formatted.
func generate(seed uint64) *program {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 4))}
	g.minor = []int{21, 22, 23, 24, 26, 26, 26, 26}[g.IntN(8)]
	g.line("package main\n")
	g.out.WriteString("import (IMPORTS)\n")
	g.out.WriteString(prelude + shared + "\nvar global = 1\n\n")
	var calls []string
	for range 1 + g.IntN(5)/4 { // what does not belong together is not built together
		p := patterns[g.IntN(len(patterns))]
		calls = append(calls, p(g)...)
	}
	g.line("func main() {")
	for _, c := range calls {
		g.line("try(func() { show(%s) })", c)
	}
	g.line("show(global)\n}")
	src := used(g.out.Bytes())
	var paths []string
	for _, m := range qualified.FindAllSubmatch(src, -1) {
		paths = append(paths, importPaths[string(m[1])])
	}
	slices.Sort(paths)
	imports := ""
	for _, path := range slices.Compact(paths) {
		imports += fmt.Sprintf("%q\n", path)
	}
	src = bytes.Replace(src, []byte("IMPORTS"), []byte(imports), 1)
	return &program{name: fmt.Sprintf("seed-%d", seed), src: src, version: fmt.Sprintf("go1.%d", g.minor), generated: true}
}

var (
	qualified   = regexp.MustCompile(`\b(bytes|json|errors|fmt|io|os|regexp|slices|sort|strconv|strings|sync|template|time|unicode|utf8)\.`)
	importPaths = map[string]string{
		"bytes": "bytes", "json": "encoding/json", "errors": "errors", "fmt": "fmt", "io": "io", "os": "os", "regexp": "regexp", "slices": "slices", "sort": "sort",
		"strconv": "strconv", "strings": "strings", "sync": "sync", "template": "text/template", "time": "time", "unicode": "unicode", "utf8": "unicode/utf8",
	}
)

// used gives every variable a use. Their names have a number and are unique.
func used(src []byte) []byte {
	count := make(map[string]int)
	for _, name := range numbered.FindAll(src, -1) {
		count[string(name)]++
	}
	src = declared.ReplaceAllFunc(src, func(m []byte) []byte {
		name := string(declared.FindSubmatch(m)[2])
		if count[name] > 1 {
			return m
		}
		return fmt.Appendf(m, "; _ = %s", name)
	})
	return ranged.ReplaceAllFunc(src, func(m []byte) []byte {
		part := ranged.FindSubmatch(m)
		var names []string
		for _, name := range strings.Split(string(part[1]), ", ") {
			if name != "_" && count[name] < 2 {
				name = "_"
			}
			names = append(names, name)
		}
		for len(names) > 0 && names[len(names)-1] == "_" {
			names = names[:len(names)-1]
		}
		if len(names) == 0 {
			return []byte("for range ")
		}
		return []byte("for " + strings.Join(names, ", ") + " := range ")
	})
}

var (
	numbered = regexp.MustCompile(`\b[a-z]+\d+\b`)
	declared = regexp.MustCompile(`(?m)^(\s*|.*; )([a-z]+\d+) := [^{\n]*$`)
	ranged   = regexp.MustCompile(`for ((?:_|[a-z]+\d+)(?:, (?:_|[a-z]+\d+))?) := range `)
)

// A prelude is what the functions of a program use, beside an int: global.
const prelude = `
type node struct {
	N  int
	S  string
	Xs []int
}

func (p *node) String() string { return "node " + strconv.Itoa(p.N) }

func (p *node) grow(n int) *node { p.N += n; p.Xs = append(p.Xs, n); return p }

func (p node) sum(n int) int { return p.N + n }

type celsius int

func (c celsius) String() string { return strconv.Itoa(int(c)) + "°" }

type fault string

func (f fault) Error() string { return "fault " + string(f) }

type words []string

func boom(n int) int {
	if n%5 == 3 {
		panic(fault("boom"))
	}
	return n
}
`

// What is shared are functions that need nothing of the program.
const shared = `
func tr(n int) int { fmt.Println("tr", n); return n }

func trs(s string) string { fmt.Println("trs", s); return s }

func clip(s string) string { return s[:min(len(s), 12)] }

func at(xs []int, i int) int {
	if i < 0 || i >= len(xs) {
		return -1
	}
	return xs[i]
}

func one(n int) map[string]int {
	if n%2 == 0 {
		return nil
	}
	return map[string]int{"q": n}
}

func show(vs ...any) {
	for _, v := range vs {
		switch v := v.(type) {
		case nil:
			fmt.Print("nil ")
		case error:
			fmt.Printf("%T %s ", v, v)
		case string, []string, []byte:
			fmt.Printf("%T %q %t ", v, v, fmt.Sprintf("%#v", v) == fmt.Sprintf("%T(nil)", v))
		default:
			data, err := json.Marshal(v)
			fmt.Printf("%T %s %v ", v, data, err)
		}
	}
	fmt.Println()
}

func try(f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Printf("panic %T %v\n", r, r)
		}
	}()
	f()
}
`

func (g *generator) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	text, _, _ = strings.Cut(text, "%!(EXTRA") // not every format uses all
	g.out.WriteString(text + "\n")
}

func (g *generator) pick(list ...string) string { return list[g.IntN(len(list))] }

func (g *generator) chance(p float64) bool { return g.Float64() < p }

func (g *generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// fn writes a function; body writes its statements. It returns calls of it.
func (g *generator) fn(params []variable, results string, body func()) []string {
	name := g.name("f")
	keep, labels, frozen := g.vars, g.labels, g.frozen
	g.vars, g.labels, g.frozen = slices.Clone(params), nil, nil
	var list []string
	for _, p := range params {
		list = append(list, p.name+" "+p.typ)
	}
	if g.chance(0.1) {
		g.line("// %s does what it does.", name)
	}
	g.line("func %s(%s) %s {", name, strings.Join(list, ", "), results)
	if g.chance(0.08) {
		g.line(`defer func() { if r := recover(); r != nil { fmt.Println("recovered", r) } }()`)
	}
	body()
	g.line("}\n")
	g.vars, g.labels, g.frozen = nil, nil, nil
	var calls []string
	for range 2 + g.IntN(3) {
		var args []string
		for _, p := range params {
			args = append(args, g.argument(p.typ))
		}
		calls = append(calls, fmt.Sprintf("%s(%s)", name, strings.Join(args, ", ")))
	}
	g.vars, g.labels, g.frozen = keep, labels, frozen
	return calls
}

// argument is a value for a parameter.
func (g *generator) argument(typ string) string {
	switch typ {
	case "int":
		return g.pick("0", "1", "2", "3", "5", "-1", "4")
	case "string":
		return g.pick(`""`, `"a"`, `"a,b"`, `"a,b,c,"`, `"k=v"`, `"k=v=w"`, `" x  y "`, `"é\xffz"`, `"=,"`, `"Héllo, Wörld"`)
	case "[]string":
		return g.pick("nil", "[]string{}", `[]string{"a"}`, `[]string{"b", "a", "", "b"}`, `[]string{"x=1", "y", "z=2=3"}`)
	case "[]int":
		return g.pick("nil", "[]int{}", "[]int{1}", "[]int{3, 1, 2}", "[]int{2, 2, 0, 5, -1}")
	case "[]byte":
		return g.pick("nil", `[]byte("")`, `[]byte("abc")`, `[]byte("k=v,w")`, `[]byte("a\xff é")`)
	case "map[string]int":
		return g.pick("nil", "map[string]int{}", `map[string]int{"a": 1}`)
	case "*node":
		return g.pick("nil", "&node{}", `&node{N: 2, S: "a,b", Xs: []int{1, 2}}`, "&node{Xs: []int{4}}")
	case "bool":
		return g.pick("true", "false")
	case "float64":
		return g.pick("0", "1.5", "-2", "1e21", "0.1")
	case "any":
		return g.pick("nil", "1", `"s"`, "celsius(3)", "&node{N: 1}", `fault("f")`, "1.5", "[]int{1}")
	case "error":
		return g.pick("nil", `fault("x")`, `errors.New("e")`)
	case "fmt.Stringer":
		return g.pick("celsius(4)", "&node{N: 3}", "nil")
	case "celsius":
		return g.pick("0", "-3", "20")
	case "words":
		return g.pick("nil", `words{"p", "q"}`)
	}
	return typ + "{}"
}

// some are parameters, a few of those that there may be.
func (g *generator) some(must ...variable) []variable {
	all := []variable{{"n", "int"}, {"m", "int"}, {"s", "string"}, {"t", "string"}, {"xs", "[]int"}, {"ss", "[]string"}, {"b", "[]byte"}, {"p", "*node"}, {"ok", "bool"}, {"fl", "float64"}, {"v", "any"}, {"err", "error"}, {"mp", "map[string]int"}, {"c", "celsius"}, {"st", "fmt.Stringer"}}
	for range 3 {
		v := all[g.IntN(len(all))]
		if !slices.ContainsFunc(must, func(o variable) bool { return o.name == v.name }) {
			must = append(must, v)
		}
	}
	g.Shuffle(len(must), func(i, j int) { must[i], must[j] = must[j], must[i] })
	return must
}

// any variable of a type, "" if there is none.
func (g *generator) variable(typ string) string {
	var have []string
	for _, v := range g.vars {
		if v.typ == typ {
			have = append(have, v.name)
		}
	}
	if len(have) == 0 {
		return ""
	}
	return g.pick(have...)
}

// expr is an expression of a type.
func (g *generator) expr(typ string, depth int) string {
	if v := g.variable(typ); v != "" && (depth <= 0 || g.chance(0.5)) {
		return v
	}
	if depth <= 0 {
		switch typ {
		case "int":
			return g.pick("0", "1", "2", "3", "7")
		case "string":
			return g.pick(`""`, `"a"`, `"b"`, `","`, `"="`, `"x,y"`, `"é"`, "`raw`")
		case "bool":
			return g.pick("true", "false", "global > 1")
		}
		return g.conversion(g.argument(typ), typ)
	}
	e := func(t string) string { return g.expr(t, depth-1) }
	switch typ {
	case "int":
		switch g.IntN(15) {
		case 0:
			return e("int") + " + " + e("int")
		case 1:
			return "(" + e("int") + " - " + e("int") + ")"
		case 2:
			return "len(" + e(g.pick("string", "[]int", "[]string", "[]byte")) + ")"
		case 3:
			return "tr(" + e("int") + ")"
		case 4:
			return "boom(" + e("int") + ")"
		case 5:
			return "at(" + e("[]int") + ", " + e("int") + ")"
		case 6:
			return "strings.Index(" + e("string") + ", " + e("string") + ")"
		case 7:
			return e("int") + "%3"
		case 8:
			return e("map[string]int") + "[" + e("string") + "]"
		case 9:
			return "int(" + e("celsius") + ")"
		case 10:
			return "len(" + e("string") + " + " + e("string") + ")"
		case 11:
			return "func() int { return " + e("int") + " }()"
		case 12:
			return "global"
		case 13:
			return e("[]int") + "[" + e("int") + "]"
		}
		return "min(" + e("int") + ", 3)"
	case "string":
		switch g.IntN(14) {
		case 0:
			return e("string") + " + " + e("string")
		case 1:
			return "clip(" + e("string") + ")"
		case 2:
			return "trs(" + e("string") + ")"
		case 3:
			return g.sprint(depth - 1)
		case 4:
			return "string(" + e("[]byte") + ")"
		case 5:
			return "strings." + g.pick("ToUpper", "TrimSpace", "ToLower") + "(" + e("string") + ")"
		case 6:
			return "strings.Split(" + e("string") + ", " + g.pick(`","`, `"="`, e("string")) + ")[0]"
		case 7:
			return "strings.Join(" + e("[]string") + `, ",")`
		case 8:
			return e("celsius") + ".String()"
		case 9:
			return "string(rune('a' + " + e("int") + "))"
		case 10:
			return "strings.TrimPrefix(" + e("string") + ", " + e("string") + ")"
		case 11:
			return "clip(" + e("string") + ")[min(" + e("int") + ", 0):]"
		}
		return g.sprint(depth - 1)
	case "bool":
		switch g.IntN(9) {
		case 0:
			return e("int") + g.pick(" < ", " == ", " > ", " != ") + e("int")
		case 1:
			return e("string") + g.pick(" == ", " != ", " < ") + e("string")
		case 2:
			return "string(" + e("[]byte") + ") == " + e("string")
		case 3:
			return e(g.pick("[]int", "[]string", "error", "any", "*node", "[]byte")) + g.pick(" == nil", " != nil")
		case 4:
			return "!(" + e("bool") + ")"
		case 5:
			return e("bool") + g.pick(" && ", " || ") + "(" + e("bool") + ")"
		case 6:
			return "strings.Contains(" + e("string") + ", " + e("string") + ")"
		case 7:
			return "len(" + e("string") + ") > " + e("int")
		}
		return e("int") + "%2 == 0"
	case "[]int":
		return g.pick("[]int{"+e("int")+", "+e("int")+"}", "append([]int(nil), "+e("[]int")+"...)", e("[]int")+"[:0]", "[]int(nil)", "[]int{}")
	case "[]string":
		return g.pick("strings.Split("+e("string")+`, ",")`, "strings.Fields("+e("string")+")", "[]string{"+e("string")+", "+e("string")+"}", "[]string(nil)")
	case "[]byte":
		return g.pick("[]byte("+e("string")+")", "append([]byte(nil), "+e("string")+"...)", "bytes.TrimSpace("+e("[]byte")+")")
	case "*node":
		return g.pick("&node{N: "+e("int")+"}", "new(node)", "(&node{}).grow("+e("int")+")")
	case "celsius":
		return "celsius(" + e("int") + ")"
	case "float64":
		return "float64(" + e("int") + ") / 4"
	case "any":
		return "any(" + e(g.pick("int", "string", "celsius", "*node", "[]int", "error", "float64", "bool")) + ")"
	case "error":
		return g.pick("error(fault("+e("string")+"))", "errors.New("+e("string")+")", `fmt.Errorf("%d: %w", `+e("int")+", "+e("error")+")", `fmt.Errorf("%v %s", `+e("int")+", "+e("string")+")")
	case "fmt.Stringer":
		return g.pick("fmt.Stringer("+e("celsius")+")", "fmt.Stringer("+e("*node")+")")
	case "map[string]int":
		return "map[string]int{" + e("string") + ": " + e("int") + "}"
	}
	return g.conversion(g.argument(typ), typ)
}

func (g *generator) conversion(e, typ string) string {
	switch {
	case strings.HasPrefix(e, typ), typ == "bool":
		return e
	case strings.HasPrefix(typ, "*"):
		return "(" + typ + ")(" + e + ")"
	}
	return typ + "(" + e + ")"
}

// sprint is text made by package fmt.
func (g *generator) sprint(depth int) string {
	typs := []string{"int", "string", "int", "string", "celsius", "bool", "error", "float64", "[]byte", "any", "*node", "[]int", "fmt.Stringer"}
	verbs := map[string]string{"int": "%d", "string": "%s", "celsius": "%s", "bool": "%t", "error": "%v", "float64": "%g", "[]byte": "%s", "any": "%v", "*node": "%v", "[]int": "%v", "fmt.Stringer": "%s"}
	var verb []string
	var args string
	for range 1 + g.IntN(3) {
		t := g.pick(typs...)
		v := verbs[t]
		if t == "*node" || g.chance(0.1) {
			v = "%v"
		}
		if g.chance(0.05) && t != "*node" {
			v = g.pick("%q", "%x", "%5d", "%d", "%s", "%T", "%%")
			if strings.HasSuffix(v, "d") && (t == "error" || t == "any" || t == "fmt.Stringer") {
				v = "%v" // a pointer that is held by what is not printed as text would be a number
			}
		}
		verb = append(verb, v)
		if v != "%%" {
			args += ", " + g.expr(t, depth)
		}
	}
	switch g.IntN(8) {
	case 0:
		return "fmt.Sprint(" + strings.TrimPrefix(args, ", ") + ")"
	case 1:
		return "fmt.Sprintln(" + strings.TrimPrefix(args, ", ") + ")"
	case 2:
		return "fmt.Errorf(" + g.quote(strings.Join(verb, ":")) + args + ").Error()"
	case 3:
		return "string(fmt.Appendf(nil, " + g.quote(strings.Join(verb, "")) + args + "))"
	}
	return "fmt.Sprintf(" + g.quote(g.pick("", "", "x=", "é")+strings.Join(verb, g.pick("", "-", ", ", "/"))) + args + ")"
}

func (g *generator) quote(s string) string { return fmt.Sprintf("%q", s) }

// cond is a condition as it can stand in a statement's head.
func (g *generator) cond(depth int) string {
	e := g.expr("bool", depth)
	if strings.Contains(e, "{") {
		return "(" + e + ")"
	}
	return e
}

// block writes statements in a scope of their own.
func (g *generator) block(n int) {
	keep := g.vars
	g.vars = slices.Clone(g.vars)
	for range n {
		g.stmt()
	}
	g.vars = keep
}

// noise writes a statement, sometimes.
func (g *generator) noise(p float64) {
	if g.chance(p) {
		g.stmt()
	}
}

// assignable is a variable of a type that no loop depends on.
func (g *generator) assignable(typ string) string {
	for range 3 {
		if v := g.variable(typ); v != "" && !slices.Contains(g.frozen, v) {
			return v
		}
	}
	return ""
}

// stmt writes any statement.
func (g *generator) stmt() {
	if g.depth > 3 {
		g.line("global++")
		return
	}
	g.depth++
	defer func() { g.depth-- }()
	typ := g.pick("int", "string", "[]int", "[]string", "[]byte", "bool", "*node", "any", "error", "celsius")
	switch g.IntN(17) {
	case 0, 1:
		v := g.name("v")
		g.line("%s := %s", v, g.expr(typ, 2))
		if g.chance(0.5) {
			g.line("_ = %s", v)
		} else {
			g.line("show(%s)", v)
		}
		g.vars = append(g.vars, variable{v, typ})
	case 2:
		if v := g.assignable("int"); v != "" {
			g.line("%s = (%s) %% 7", v, g.expr("int", 2))
		}
	case 3:
		if v := g.assignable("string"); v != "" {
			g.line("%s = clip(%s)", v, g.expr("string", 2))
		}
	case 4:
		if v := g.assignable("[]int"); v != "" {
			g.line(g.pick("%s = append(%[1]s, %s)", "if len(%s) > 0 { %[1]s[0] = %s }", "%s = append(%[1]s[:0:0], %s)"), v, g.expr("int", 1))
		}
	case 5:
		if v := g.assignable("[]byte"); v != "" {
			g.line(g.pick("if len(%s) > 0 { %[1]s[0] = byte(%s) }", "%s = append(%[1]s, byte(%s))"), v, g.expr("int", 1))
		}
	case 6, 7:
		g.line("if %s {", g.cond(2))
		g.block(1)
		if g.chance(0.3) {
			g.line("} else {")
			g.block(1)
		}
		g.line("}")
	case 8:
		g.line("fmt.Println(%s)", g.expr(g.pick("int", "string", "bool"), 2))
	case 9:
		g.line("defer show(%s)", g.expr(typ, 1))
	case 10:
		keep := g.labels
		g.labels = nil
		g.line("%sfunc() {", g.pick("", "", "defer "))
		g.block(1)
		g.line("}()")
		g.labels = keep
	case 11:
		if len(g.labels) > 0 {
			g.line("if %s { %s %s }", g.cond(1), g.pick("continue", "break"), g.pick("", "", g.pick(g.labels...)))
		}
	case 12:
		g.line("global = (global + %s) %% 11", g.expr("int", 1))
	case 13:
		if v := g.variable("*node"); v != "" {
			g.line("if %s != nil { %[1]s.grow(%s) }", v, g.expr("int", 1))
		}
	case 14:
		g.line("show(%s)", g.expr(typ, 2))
	case 15:
		g.loop(func(string) { g.stmt() })
	case 16:
		g.line("switch x := %s; {", g.expr("int", 1))
		g.line("case x > %s:", g.expr("int", 1))
		g.block(1)
		g.line("default:")
		g.block(1)
		g.line("}")
	}
}

// within returns what f writes instead of writing it.
func (g *generator) within(f func()) string {
	keep := g.out
	g.out = bytes.Buffer{}
	f()
	text := g.out.String()
	g.out = keep
	return text
}

// loop writes a loop; body is given an int that changes from round to round.
func (g *generator) loop(body func(i string)) {
	keep, labels, frozen := g.vars, g.labels, g.frozen
	g.vars, g.frozen = slices.Clone(g.vars), slices.Clone(g.frozen)
	i, w := g.name("i"), g.name("w")
	src := func(typ string) string {
		if v := g.variable(typ); v != "" && g.chance(0.7) {
			return v
		}
		if v := g.variable("*node"); v != "" && typ == "[]int" && g.chance(0.3) {
			return v + ".Xs"
		}
		return g.expr(typ, 1)
	}
	var head string
	switch g.IntN(11) {
	case 0, 1:
		head = fmt.Sprintf("for %s := 0; %[1]s < %s; %[1]s++ {", i, g.pick(src("int"), src("int"), "4"))
	case 2:
		xs := g.variable("[]int")
		if xs == "" {
			xs = "[]int{5, 6}"
		}
		g.frozen = append(g.frozen, xs)
		head = fmt.Sprintf("for %s := 0; %[1]s < len(%s); %[1]s++ {", i, xs)
	case 3, 4:
		head = fmt.Sprintf("for %s, %s := range %s {", g.pick("_", w), i, src("[]int"))
		w = ""
	case 5:
		head = fmt.Sprintf("for %s, %s := range %s {", i, w, src("[]string"))
		g.vars = append(g.vars, variable{w, "string"})
	case 6:
		head = fmt.Sprintf("for %s, %s := range %s {", i, "_", src("string"))
	case 7:
		head = fmt.Sprintf("for %s := range %s {", i, src(g.pick("[]int", "[]byte", "[]string")))
	case 8:
		head = fmt.Sprintf("for %s, %s := range %s {", w, i, g.pick("map[string]int{`k`: 3}", "one("+g.expr("int", 1)+")"))
		g.vars = append(g.vars, variable{w, "string"})
	case 9:
		head = fmt.Sprintf("for _, %s := range [...]int{%s, 2, %s} {", i, g.expr("int", 1), g.expr("int", 1))
	case 10:
		if g.minor < 22 {
			head = fmt.Sprintf("for %s := 3; %[1]s > %s; %[1]s-- {", i, g.expr("int", 0))
		} else {
			head = fmt.Sprintf("for %s := range %s {", i, src("int"))
		}
	}
	label := g.name("loop")
	g.labels = append(slices.Clone(g.labels), label)
	g.vars = append(g.vars, variable{i, "int"})
	g.frozen = append(g.frozen, i)
	text := g.within(func() { body(i) })
	if strings.Contains(text, label) {
		g.line("%s:", label)
	}
	g.line("%s\n%s}", head, text)
	g.vars, g.labels, g.frozen = keep, labels, frozen
}
