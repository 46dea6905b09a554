package fix

import (
	"go/types"
	"strings"
)

// fills are functions of the standard library that fill variables whose
// addresses are their arguments, from this one on, and do not keep these. What
// they may call of the variable's type fillMethod knows.
var fills = map[string]int{
	"encoding/json.Unmarshal":         1, // encoding/json/decode.go: decodeState is gone when it returns
	"(*encoding/json.Decoder).Decode": 0,
	"encoding/xml.Unmarshal":          1,
	"(*encoding/xml.Decoder).Decode":  0,
	"(*encoding/gob.Decoder).Decode":  0,
	"encoding/binary.Read":            2,
	"(*database/sql.Rows).Scan":       0, // database/sql/convert.go: convertAssign
	"(*database/sql.Row).Scan":        0,
	"fmt.Sscan":                       1,
	"fmt.Sscanf":                      2,
	"fmt.Sscanln":                     1,
	"fmt.Fscan":                       1,
	"fmt.Fscanf":                      2,
	"fmt.Fscanln":                     1,
}

// fillMethod is a method that functions which fill a variable may call with the
// address of a part of it, other than the standard library's own; also a type
// of which a part may be kept.
func fillMethod(t types.Type, depth int) string {
	if depth > 8 {
		return "a deep type's method"
	}
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		pkg := t.Obj().Pkg()
		if pkg != nil && (pkg.Path() == "time" || pkg.Path() == "encoding/json" || pkg.Path() == "database/sql" && strings.HasPrefix(t.Obj().Name(), "Null") && t.TypeArgs().Len() == 0) {
			return ""
		}
		set := types.NewMethodSet(types.NewPointer(t))
		for _, name := range []string{"UnmarshalJSON", "UnmarshalJSONFrom", "UnmarshalText", "UnmarshalXML", "UnmarshalXMLAttr", "UnmarshalBinary", "GobDecode", "Scan"} {
			if set.Lookup(nil, name) != nil {
				return t.Obj().Name() + "." + name
			}
		}
		if pkg != nil && pkg.Path() == "database/sql" {
			return t.Obj().Name() // RawBytes is the driver's memory
		}
		return fillMethod(t.Underlying(), depth+1)
	case *types.Array:
		return fillMethod(t.Elem(), depth+1)
	case *types.Struct:
		for f := range t.Fields() {
			if m := fillMethod(f.Type(), depth+1); m != "" {
				return m
			}
		}
	case *types.TypeParam:
		return t.Obj().Name()
	}
	return ""
}
