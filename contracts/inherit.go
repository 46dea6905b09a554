package contracts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/stackward-go/stackward/alloc"
	"github.com/stackward-go/stackward/internal/contract"
)

// Inherited is what importers of a package have to know of it and of all that it
// imports.
type Inherited struct {
	// Source is a hash of the source of all these packages.
	Source string
	// Interfaces have a method under contract: "import/path.Name".
	Interfaces []string
	// Generic reports a contract on a generic function.
	Generic bool
}

// AFact makes it a fact.
func (*Inherited) AFact() {}

func (f *Inherited) String() string {
	return fmt.Sprintf("interfaces %q, generic %t", f.Interfaces, f.Generic)
}

// inherit exports the package's fact, and returns what the package itself inherits
// from its imports.
func inherit(pass *analysis.Pass, directives []*contract.Directive) (*Inherited, error) {
	h := sha256.New()
	below := new(Inherited)
	imports := slices.Clone(pass.Pkg.Imports())
	slices.SortFunc(imports, func(a, b *types.Package) int { return strings.Compare(a.Path(), b.Path()) })
	for _, imp := range imports {
		f := new(Inherited)
		if !pass.ImportPackageFact(imp, f) {
			continue
		}
		fmt.Fprintf(h, "%q %s\n", imp.Path(), f.Source)
		below.Interfaces = append(below.Interfaces, f.Interfaces...)
		below.Generic = below.Generic || f.Generic
	}
	below.Interfaces = unique(below.Interfaces)
	var names []string
	for _, f := range pass.Files {
		names = append(names, pass.Fset.File(f.FileStart).Name())
	}
	for _, name := range slices.Concat(names, pass.OtherFiles) {
		src, err := pass.ReadFile(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(h, "%d\n%s", len(src), src)
	}
	own := &Inherited{
		Source:     hex.EncodeToString(h.Sum(nil)),
		Interfaces: slices.Clone(below.Interfaces),
		Generic:    below.Generic,
	}
	for _, d := range directives {
		switch {
		case !d.Inherited():
		case d.Interface:
			name, _, _ := strings.Cut(d.Func, ".")
			own.Interfaces = append(own.Interfaces, pass.Pkg.Path()+"."+name)
		default:
			own.Generic = true
		}
	}
	own.Interfaces = unique(own.Interfaces)
	pass.ExportPackageFact(own)
	return below, nil
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// concerns reports whether a package may have to keep inherited promises: one of
// its types implements such an interface, or it has instances of generic functions
// of other packages.
func (f *Inherited) concerns(pass *analysis.Pass) bool {
	if f.Generic && instance(pass).IsValid() {
		return true
	}
	if len(f.Interfaces) == 0 {
		return false
	}
	var list []*types.Interface
	seen := make(map[*types.Package]bool)
	var visit func(pkg *types.Package)
	visit = func(pkg *types.Package) {
		if seen[pkg] {
			return
		}
		seen[pkg] = true
		for _, full := range f.Interfaces {
			if name, ok := strings.CutPrefix(full, pkg.Path()+"."); ok && !strings.Contains(name, "/") {
				if o := pkg.Scope().Lookup(name); o != nil {
					if it, ok := o.Type().Underlying().(*types.Interface); ok {
						list = append(list, it)
					}
				}
			}
		}
		for _, imp := range pkg.Imports() {
			visit(imp)
		}
	}
	visit(pass.Pkg)
	for _, o := range pass.TypesInfo.Defs {
		tn, ok := o.(*types.TypeName)
		if !ok || types.IsInterface(tn.Type()) {
			continue
		}
		for _, it := range list {
			if types.Implements(tn.Type(), it) || types.Implements(types.NewPointer(tn.Type()), it) || generic(tn.Type()) {
				return true
			}
		}
	}
	return false
}

// generic reports a type of which only the instances implement anything.
func generic(t types.Type) bool {
	n, ok := t.(*types.Named)
	return ok && n.TypeParams().Len() > 0
}

// instance is the first place where the package has an instance of what another
// package declares, NoPos where it has none.
func instance(pass *analysis.Pass) token.Pos {
	first := token.NoPos
	note := func(id *ast.Ident, foreign bool) {
		if foreign && (!first.IsValid() || id.Pos() < first) {
			first = id.Pos()
		}
	}
	for id := range pass.TypesInfo.Instances {
		o := pass.TypesInfo.Uses[id]
		note(id, o != nil && o.Pkg() != pass.Pkg)
	}
	for id, o := range pass.TypesInfo.Uses {
		f, ok := o.(*types.Func)
		note(id, ok && f.Pkg() != pass.Pkg && f.Origin() != f)
	}
	return first
}

// uses is where the package uses the function of a finding that lies in another
// package: an instance of that very function, or else the first of any.
func (r *reporter) uses(f *alloc.Finding) token.Pos {
	best := token.NoPos
	for id, o := range r.pass.TypesInfo.Uses {
		fn, ok := o.(*types.Func)
		if !ok || fn.Pkg() == nil || fn.Pkg() == r.pass.Pkg {
			continue
		}
		if strings.HasPrefix(f.Func, fn.Pkg().Path()+".") && strings.Contains(f.Func+".", "."+fn.Name()+"[...].") || strings.HasSuffix(f.Func, "[...])."+fn.Name()) {
			if !best.IsValid() || id.Pos() < best {
				best = id.Pos()
			}
		}
	}
	if best.IsValid() {
		return best
	}
	if p := instance(r.pass); p.IsValid() {
		return p
	}
	return r.pass.Files[0].Name.Pos()
}
