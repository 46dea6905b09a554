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

// ownLines are the whole lines of a statement, with a blank line that would
// follow none; NoPos if something else stands on them, or a comment right above
// that speaks of it.
func (p *pass) ownLines(s ast.Stmt) (from, to token.Pos) {
	from, to = p.lineStart(s.Pos()), p.lineEnd(s.End())
	if strings.TrimSpace(p.between(from, s.Pos())+p.between(s.End(), to)) != "" {
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
