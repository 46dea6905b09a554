package fix

import (
	"go/ast"
	"go/token"
	"strings"
)

// indentation is the blank text that the line of pos begins with.
func (p *pass) indentation(pos token.Pos) string {
	line := p.between(p.lineStart(pos), pos)
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

func (p *pass) lineStart(pos token.Pos) token.Pos {
	tf := p.Fset.File(pos)
	return tf.LineStart(tf.PositionFor(pos, false).Line)
}

// lineEnd is the position behind the newline of pos's line.
func (p *pass) lineEnd(pos token.Pos) token.Pos {
	tf := p.Fset.File(pos)
	if line := tf.PositionFor(pos, false).Line; line < tf.LineCount() {
		return tf.LineStart(line + 1)
	}
	return tf.Pos(tf.Size())
}

// dedent takes a line's indentation from the lines that follow it in a text.
func dedent(text, indent string) string {
	if strings.Contains(text, "`") {
		return text // what is within is not to be changed
	}
	return strings.ReplaceAll(text, "\n"+indent, "\n")
}

// line is the extent of a piece of source together with its lines, where nothing
// else stands on them.
func (p *pass) line(pos, end token.Pos) (token.Pos, token.Pos) {
	if from, to, ok := p.alone(pos, end); ok {
		return from, to
	}
	return pos, end
}

// alone are the lines of a piece of source; ok reports whether nothing else
// stands on them.
func (p *pass) alone(pos, end token.Pos) (from, to token.Pos, ok bool) {
	from, to = p.lineStart(pos), p.lineEnd(end)
	return from, to, strings.TrimSpace(p.between(from, pos)+p.between(end, to)) == ""
}

// ownLines are the whole lines of a statement, with a blank line that would
// follow none; NoPos if something else stands on them, or a comment right above
// that speaks of it.
func (p *pass) ownLines(s ast.Stmt) (from, to token.Pos) {
	from, to, ok := p.alone(s.Pos(), s.End())
	if !ok {
		return token.NoPos, token.NoPos
	}
	above := strings.TrimSpace(p.between(p.lineStart(from-1), from))
	if strings.HasPrefix(above, "//") || strings.HasSuffix(above, "*/") {
		return token.NoPos, token.NoPos
	}
	if below := p.lineEnd(to); (above == "" || strings.HasSuffix(above, "{")) && strings.TrimSpace(p.between(to, below)) == "" {
		to = below
	}
	return from, to
}
