package fix

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// A piece is a part of what fmt prints: constant text, or an operand.
type piece struct {
	text string
	raw  bool // it was written in backquotes
	verb rune // 0 for text
	prec string
	arg  ast.Expr
}

// formatPieces takes apart a format and its operands: "<%s>" is "<", an
// operand, ">". why says what is not understood.
func formatPieces(format string, args []ast.Expr) (pieces []piece, why string) {
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			pieces = append(pieces, piece{text: text.String()})
			text.Reset()
		}
	}
	for {
		before, rest, found := strings.Cut(format, "%")
		text.WriteString(before)
		if !found {
			break
		}
		prec := ""
		if strings.HasPrefix(rest, ".") {
			prec = strings.TrimLeft(rest[1:], "0123456789")
			prec = rest[1 : len(rest)-len(prec)]
			if prec == "" || len(prec) > 3 || prec[0] == '0' && prec != "0" {
				return nil, "the format has a precision that is not a plain number"
			}
			rest = rest[1+len(prec):]
		}
		if rest == "" {
			return nil, "the format ends in the middle of a verb"
		}
		verb := rune(rest[0])
		format = rest[1:]
		switch {
		case verb == '%' && prec == "":
			text.WriteByte('%')
			continue
		case verb < 'A' || verb > 'z' || verb == '[':
			return nil, "the format has flags, a width or argument numbers"
		case len(args) == 0:
			return nil, "the format has more verbs than operands"
		}
		flush()
		pieces = append(pieces, piece{verb: verb, prec: prec, arg: args[0]})
		args = args[1:]
	}
	if len(args) > 0 {
		return nil, "the format has fewer verbs than operands"
	}
	flush()
	return pieces, ""
}

// printPieces takes apart what fmt.Sprint or, with newline, fmt.Sprintln print.
func (p *pass) printPieces(args []ast.Expr, newline bool) (pieces []piece) {
	prev := true // the operand before is a string
	for i, a := range args {
		str := isString(p.TypesInfo.TypeOf(a))
		if i > 0 && (newline || !str && !prev) {
			pieces = append(pieces, piece{text: " "})
		}
		pieces = append(pieces, piece{verb: 'v', arg: a})
		prev = str
	}
	if newline {
		pieces = append(pieces, piece{text: "\n"})
	}
	return pieces
}

// folded makes text of literal operands, and one piece of adjacent text.
func folded(pieces []piece) (list []piece) {
	for _, c := range pieces {
		if s, ok := literal(c.arg); ok && c.prec == "" && (c.verb == 's' || c.verb == 'v') {
			c = piece{text: s, raw: strings.HasPrefix(ast.Unparen(c.arg).(*ast.BasicLit).Value, "`")}
		}
		if n := len(list); n > 0 && c.verb == 0 && list[n-1].verb == 0 {
			list[n-1].text += c.text
			list[n-1].raw = list[n-1].raw && c.raw
			continue
		}
		list = append(list, c)
	}
	return list
}

// A rendering is how Go code without fmt makes the text of a piece.
type rendering struct {
	str    string // an expression of type string
	imp    string // the package it needs, or ""
	append string // an expression with BUF, a []byte that it appends to in one step; "" for none
	rune   string // the same as a rune, or ""
	bytes  string // the same as a []byte that is there already, or ""
	plain  bool   // str is the operand itself, no copy
}

// render finds the text of a piece. What it relies on of package fmt is in
// fmt/print.go (printArg) and fmt/format.go, the same from go1.18 to go1.26.
func (p *pass) render(c piece) (r rendering, why string) {
	if c.verb == 0 {
		q := strconv.Quote(c.text)
		if c.raw && strings.Contains(q, `\`) {
			q = "`" + c.text + "`"
		}
		return rendering{str: q, append: "append(BUF, " + q + "...)"}, ""
	}
	t := types.Default(p.TypesInfo.TypeOf(c.arg))
	text := p.text(c.arg)
	unlike := func() (rendering, string) {
		return rendering{}, fmt.Sprintf("fmt prints %s, of type %s, with %%%s%c in its own way", text, p.typeName(t), c.prec, c.verb)
	}
	if types.IsInterface(t) {
		return rendering{}, text + " is an interface value: fmt looks at what it holds"
	}
	if m := p.printMethod(t, c.verb); m != "" {
		return rendering{}, fmt.Sprintf("fmt calls the method %s of %s", m, text)
	}
	if s, ok := types.Unalias(t).(*types.Slice); ok && types.Identical(s.Elem(), types.Typ[types.Uint8]) {
		switch {
		case c.prec != "":
		case c.verb == 's':
			return rendering{str: "string(" + text + ")", append: "append(BUF, " + text + "...)", bytes: text}, ""
		case c.verb == 'x':
			return rendering{str: "hex.EncodeToString(" + text + ")", imp: "encoding/hex"}, ""
		}
		return unlike()
	}
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return unlike()
	}
	// as converts the operand, where its type is another.
	as := func(k types.BasicKind, name string) string {
		if types.Identical(t, types.Typ[k]) && (k != types.Int64 && k != types.Uint64 && k != types.Float64 || p.TypesInfo.Types[c.arg].Value == nil) {
			return text
		}
		return name + "(" + text + ")"
	}
	switch info := b.Info(); {
	case info&types.IsFloat != 0:
		return p.renderFloat(c, b, as(types.Float64, "float64"))
	case c.prec != "":
		return rendering{}, "the format has a precision"
	case info&types.IsString != 0:
		s := as(types.String, "string")
		switch c.verb {
		case 's', 'v':
			return rendering{str: s, append: "append(BUF, " + text + "...)", plain: true}, ""
		case 'q':
			return rendering{str: "strconv.Quote(" + s + ")", imp: "strconv", append: "strconv.AppendQuote(BUF, " + s + ")"}, ""
		}
	case info&types.IsBoolean != 0:
		if c.verb == 't' || c.verb == 'v' {
			s := as(types.Bool, "bool")
			return rendering{str: "strconv.FormatBool(" + s + ")", imp: "strconv", append: "strconv.AppendBool(BUF, " + s + ")"}, ""
		}
	case info&types.IsInteger != 0 && b.Kind() != types.Uintptr:
		switch base := map[rune]string{'d': "10", 'v': "10", 'x': "16", 'o': "8", 'b': "2"}[c.verb]; {
		case base == "" && c.verb == 'c' && (b.Kind() == types.Int32 || b.Kind() == types.Uint8 || b.Kind() == types.Int16):
			s := as(types.Int32, "rune")
			return rendering{str: "string(" + s + ")", append: "utf8.AppendRune(BUF, " + s + ")", rune: s}, ""
		case base == "":
		case info&types.IsUnsigned != 0:
			s := as(types.Uint64, "uint64") + ", " + base + ")"
			return rendering{str: "strconv.FormatUint(" + s, imp: "strconv", append: "strconv.AppendUint(BUF, " + s}, ""
		default:
			s := as(types.Int64, "int64") + ", " + base + ")"
			r := rendering{str: "strconv.FormatInt(" + s, imp: "strconv", append: "strconv.AppendInt(BUF, " + s}
			if base == "10" && types.Identical(t, types.Typ[types.Int]) {
				r.str = "strconv.Itoa(" + text + ")"
			}
			return r, ""
		}
	}
	return unlike()
}

// renderFloat is render for floating-point numbers.
func (p *pass) renderFloat(c piece, b *types.Basic, value string) (rendering, string) {
	form, prec := string(c.verb), c.prec
	switch c.verb {
	case 'v':
		form = "g"
		fallthrough
	case 'g':
		if prec == "" {
			prec = "-1"
		}
	case 'e', 'f':
		if prec == "" {
			prec = "6"
		}
	default:
		return rendering{}, fmt.Sprintf("fmt prints %s with %%%c in its own way", p.text(c.arg), c.verb)
	}
	size := "64"
	if b.Kind() == types.Float32 {
		size = "32"
	}
	s := fmt.Sprintf("%s, '%s', %s, %s)", value, form, prec, size)
	return rendering{str: "strconv.FormatFloat(" + s, imp: "strconv", append: "strconv.AppendFloat(BUF, " + s}, ""
}

// printMethod is the method of a type that fmt calls for a verb, if any.
func (p *pass) printMethod(t types.Type, verb rune) string {
	names := []string{"Format"}
	if strings.ContainsRune("vsxXq", verb) {
		names = append(names, "Error", "String")
	}
	set := types.NewMethodSet(t)
	for _, name := range names {
		if set.Lookup(nil, name) != nil {
			return name
		}
	}
	return ""
}

func (p *pass) typeName(t types.Type) string { return types.TypeString(t, types.RelativeTo(p.Pkg)) }

// literal is the value of a string literal.
func literal(e ast.Expr) (string, bool) {
	lit, ok := ast.Unparen(e).(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}
