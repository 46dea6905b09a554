package cause

import (
	"testing"

	"github.com/stackward-go/stackward/alloc"
)

func TestKindOfEntry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		entry, typ string
		want       alloc.Kind
	}{
		{"", "", ""},
		{"", "struct { F uintptr; X0 *int }", alloc.Closure},
		{"runtime.newobject", "int", alloc.New},
		{"runtime.newobject", "struct { F uintptr; X0 int }", alloc.Closure},
		{"runtime.newobject", "type:noalg.struct { F uintptr; R *example.com/m.T }", alloc.Closure},
		{"runtime.mallocgc", "", alloc.New},
		{"runtime.mallocgcSmallScanNoHeaderSC3", "", alloc.New},
		{"runtime.makeslice", "int", alloc.Slice},
		{"runtime.makeslicecopy", "int", alloc.Slice},
		{"runtime.growslice", "int", alloc.Append},
		{"runtime.growsliceBufNoAlias", "int", alloc.Append},
		{"runtime.moveSliceNoCap", "int", alloc.Append},
		{"runtime.convT64", "", alloc.Interface},
		{"runtime.convTnoptr", "example.com/m.T", alloc.Interface},
		{"runtime.concatstring3", "", alloc.String},
		{"runtime.concatbyte2", "", alloc.Bytes},
		{"runtime.slicebytetostring", "", alloc.String},
		{"runtime.stringtoslicebyte", "", alloc.Bytes},
		{"runtime.stringtoslicerune", "", alloc.Bytes},
		{"runtime.makemap_small", "", alloc.Map},
		{"internal/runtime/maps.NewEmptyMap", "", alloc.Map},
		{"internal/runtime/maps.newTable", "", alloc.Map},
		{"internal/runtime/maps.(*Map).growToTable", "", alloc.MapGrowth},
		{"runtime.mapassign_fast64ptr", "map[*int]int", alloc.MapGrowth},
		{"runtime.makechan", "chan int", alloc.Chan},
		{"runtime.newproc", "", alloc.Goroutine},
		{"runtime.deferprocat", "", alloc.Defer},
		{"reflect.unsafe_New", "int", alloc.New},
		{"reflect.unsafe_NewArray", "int", alloc.Slice},
		{"internal/reflectlite.unsafe_New", "int", alloc.New},
		{"reflect.makemap", "map[int]int", alloc.Map},
		{"reflect.mapassign_faststr0", "map[string]int", alloc.MapGrowth},
		{"reflect.typelinks", "", alloc.Runtime},
		{"internal/bytealg.MakeNoZero", "", alloc.Slice},
		{"runtime.getitab", "", alloc.Runtime},
		{"runtime.somethingNew", "", alloc.Runtime},
	} {
		if got := KindOfEntry(tt.entry, tt.typ); got != tt.want {
			t.Errorf("KindOfEntry(%q, %q) = %q, want %q", tt.entry, tt.typ, got, tt.want)
		}
	}
}

func TestKindOfText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]alloc.Kind{
		"new(int)":                    alloc.New,
		"&T{...}":                     alloc.Composite,
		"make([]byte, n)":             alloc.Slice,
		"make(map[string]int)":        alloc.Map,
		"[]int{...}":                  alloc.Slice,
		"map[string]int{...}":         alloc.Map,
		"func literal":                alloc.Closure,
		"... argument":                alloc.Variadic,
		"append(s, x)":                alloc.Append,
		"append":                      alloc.Append,
		"a + b":                       alloc.String,
		`"a + b: " + s`:               alloc.String,
		`f("a + b")`:                  "",
		"string(b)":                   alloc.String,
		"([]byte)(s)":                 alloc.Bytes,
		"n":                           "",
		"u.Name":                      "",
		`"unclosed, a + b...`:         "",
		"m[a + b]":                    "",
		"strings.Repeat(s, 2) + tail": alloc.String,
	} {
		if got := KindOfText(text); got != want {
			t.Errorf("KindOfText(%q) = %q, want %q", text, got, want)
		}
	}
}

// flow builds an explanation that ends with step, of text, at dst.
func flow(dst, text, step string) []alloc.FlowLine {
	return []alloc.FlowLine{
		{Dst: "t", Src: "&x"},
		{Text: "&x", Step: "address-of"},
		{Dst: dst, Src: "t"},
		{Text: text, Step: step},
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	moved := func(f []alloc.FlowLine) *alloc.Diagnostic {
		return &alloc.Diagnostic{Verdict: alloc.MovedToHeap, Expr: "x", Flow: f}
	}
	escapes := func(expr string, f []alloc.FlowLine) *alloc.Diagnostic {
		return &alloc.Diagnostic{Verdict: alloc.EscapesToHeap, Expr: expr, Flow: f}
	}
	stays := func(expr string) *alloc.Diagnostic {
		return &alloc.Diagnostic{Verdict: alloc.StaysOnStack, Expr: expr}
	}
	calls := func(entry string) []alloc.Call { return []alloc.Call{{Entry: entry, Bytes: -1}} }
	literal := []alloc.FlowLine{{Dst: "{heap}", Src: "&{storage for func literal}"}, {Text: "func literal", Step: "spill"}}

	for name, tt := range map[string]struct {
		e     Evidence
		kind  alloc.Kind
		cause alloc.Cause
	}{
		// The five of the article.
		"return &u":               {Evidence{Diagnostic: moved(flow("~r0", "return &u", "return"))}, alloc.Variable, alloc.Returned},
		"var i any = x":           {Evidence{Diagnostic: escapes("x", flow("{heap}", "i = x", "assign")), Calls: calls("runtime.convT64")}, alloc.Interface, alloc.InInterface},
		"go func() { use(x) }()":  {Evidence{Diagnostic: escapes("func literal", literal)}, alloc.Closure, alloc.Captured},
		"captured by reference":   {Evidence{Diagnostic: moved(flow("{storage for func literal}", "x", "captured by a closure"))}, alloc.Variable, alloc.Captured},
		"var a [20 << 20]byte":    {Evidence{Diagnostic: moved(flow("{heap}", "a", "too large for stack"))}, alloc.Variable, alloc.TooLarge},
		"append may allocate":     {Evidence{Diagnostic: stays("append"), Calls: calls("runtime.growslice")}, alloc.Append, alloc.Growth},
		"append that is returned": {Evidence{Diagnostic: escapes("append(s, x)", flow("~r0", "return append(s, x)", "return"))}, alloc.Append, alloc.Growth},
		"m[k] = v":                {Evidence{Calls: calls("runtime.mapassign_faststr")}, alloc.MapGrowth, alloc.Growth},

		"named result":         {Evidence{Diagnostic: moved(flow("p", "p = &x", "assign")), Results: []string{"p"}, InLoop: true}, alloc.Variable, alloc.Returned},
		"outer loop":           {Evidence{Diagnostic: moved(flow("last", "last = &x", "assign")), InLoop: true}, alloc.Variable, alloc.Loop},
		"outer function":       {Evidence{Diagnostic: moved(flow("last", "last = &x", "assign"))}, alloc.Variable, alloc.Stored},
		"global":               {Evidence{Diagnostic: moved(flow("{heap}", "g = &x", "assign")), InLoop: true}, alloc.Variable, alloc.Stored},
		"send":                 {Evidence{Diagnostic: moved(flow("{heap}", "c <- &x", "send"))}, alloc.Variable, alloc.Stored},
		"map":                  {Evidence{Diagnostic: moved(flow("{heap}", "map[string]*int{...}", "map literal value"))}, alloc.Variable, alloc.Stored},
		"append of a pointer":  {Evidence{Diagnostic: moved(flow("{heap}", "append(s, &x)", "call parameter"))}, alloc.Variable, alloc.Stored},
		"panic":                {Evidence{Diagnostic: escapes("n", flow("{heap}", "panic(n)", "call parameter"))}, alloc.Interface, alloc.InInterface},
		"callee keeps":         {Evidence{Diagnostic: moved(flow("{heap}", "keep(&x)", "call parameter"))}, alloc.Variable, alloc.CallArgument},
		"callee unknown":       {Evidence{Diagnostic: moved(flow("{heap}", "r.Read(b)", "call parameter")), DynamicCall: true}, alloc.Variable, alloc.DynamicCall},
		"go f(x)":              {Evidence{Diagnostic: escapes("func literal", literal), Hint: alloc.Goroutine}, alloc.Goroutine, alloc.InGoroutine},
		"newproc":              {Evidence{Calls: calls("runtime.newproc")}, alloc.Goroutine, alloc.InGoroutine},
		"defer in a loop":      {Evidence{Diagnostic: escapes("func literal", literal), Deferred: true, InLoop: true}, alloc.Closure, alloc.Loop},
		"deferproc":            {Evidence{Calls: calls("runtime.deferproc")}, alloc.Defer, alloc.Loop},
		"returned literal":     {Evidence{Diagnostic: escapes("func literal", flow("~r0", "return func literal", "return"))}, alloc.Closure, alloc.Returned},
		"s += w":               {Evidence{Calls: calls("runtime.concatstring2")}, alloc.String, alloc.Concatenation},
		"a + b on the stack":   {Evidence{Diagnostic: stays("a + b"), Calls: calls("runtime.concatstring2")}, alloc.String, alloc.Concatenation},
		"boxed sum of numbers": {Evidence{Diagnostic: escapes("a + b", flow("{heap}", "f(a + b)", "call parameter")), Calls: calls("runtime.convT64")}, alloc.Interface, alloc.InInterface},
		"string(b)":            {Evidence{Diagnostic: escapes("string(b)", flow("~r0", "return string(b)", "return"))}, alloc.String, alloc.Conversion},
		"string(b) + s":        {Evidence{Diagnostic: escapes("string(b) + s", nil)}, alloc.String, alloc.Concatenation},
		"[]byte(s)":            {Evidence{Diagnostic: stays("([]byte)(s)"), Calls: calls("runtime.stringtoslicebyte")}, alloc.Bytes, alloc.Conversion},
		"make of n":            {Evidence{Diagnostic: stays("make([]int, n)"), Calls: calls("runtime.makeslice")}, alloc.Slice, alloc.UnknownSize},
		"make of n, go1.24":    {Evidence{Diagnostic: escapes("make([]int, n)", flow("{heap}", "make([]int, n)", "non-constant size"))}, alloc.Slice, alloc.UnknownSize},
		"make returned":        {Evidence{Diagnostic: escapes("make([]int, n)", flow("~r0", "return make([]int, n)", "return"))}, alloc.Slice, alloc.Returned},
		"make(chan int)":       {Evidence{Calls: calls("runtime.makechan"), Hint: alloc.Chan}, alloc.Chan, alloc.ByRuntime},
		"reflect":              {Evidence{Entry: "reflect.unsafe_New", Type: "int"}, alloc.New, alloc.Reflection},
		"append by reflect":    {Evidence{Entry: "runtime.growslice", Frames: []alloc.Frame{{Func: "runtime.growslice"}, {Func: "reflect.Append"}}}, alloc.Append, alloc.Reflection},
		"append in reflect":    {Evidence{Diagnostic: stays("append"), Entry: "runtime.growslice", Frames: []alloc.Frame{{Func: "reflect.Value.Call"}}}, alloc.Append, alloc.Growth},
		"not inlined":          {Evidence{Diagnostic: escapes("&T{...}", flow("~r0", "return &T{...}", "return")), NotInlined: "recursive", CallerKeeps: true}, alloc.Composite, alloc.NotInlined},
		"not clearly so":       {Evidence{Diagnostic: escapes("&T{...}", flow("~r0", "return &T{...}", "return")), NotInlined: "recursive"}, alloc.Composite, alloc.Returned},
		"vague hint":           {Evidence{Diagnostic: escapes("&T{...}", flow("{heap}", "g = &T{...}", "assign")), Hint: alloc.New, Calls: calls("runtime.newobject")}, alloc.Composite, alloc.Stored},
		"nothing":              {Evidence{}, alloc.Runtime, ""},
		"helper":               {Evidence{Entry: "runtime.Callers"}, alloc.Runtime, alloc.ByRuntime},
		"builder":              {Evidence{Calls: calls("internal/bytealg.MakeNoZero")}, alloc.Slice, alloc.UnknownSize},
		"make in reflect":      {Evidence{Entry: "reflect.makemap"}, alloc.Map, alloc.Reflection},
		"silent make":          {Evidence{Calls: calls("runtime.makeslice")}, alloc.Slice, ""},
		"silent new":           {Evidence{Calls: calls("runtime.newobject")}, alloc.New, ""},
		"stays, and allocates": {Evidence{Diagnostic: stays("&T{...}"), Calls: calls("runtime.newobject")}, alloc.Composite, ""},
		"not explained":        {Evidence{Diagnostic: escapes("&T{...}", nil), Calls: calls("runtime.newobject")}, alloc.Composite, ""},
		"method value":         {Evidence{Diagnostic: escapes("u.Name", flow("~r0", "return u.Name", "return")), Calls: []alloc.Call{{Entry: "runtime.newobject", Type: "struct { F uintptr; R T }"}}}, alloc.Closure, alloc.Returned},
	} {
		if k, c := Of(tt.e); k != tt.kind || c != tt.cause {
			t.Errorf("%s: Of = %s, %s; want %s, %s", name, k, c, tt.kind, tt.cause)
		}
	}
}
