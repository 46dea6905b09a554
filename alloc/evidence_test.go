package alloc

import "testing"

func TestFrameRuntime(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fn, file string
		want     bool
	}{
		{"runtime.newobject", "/go/src/runtime/malloc.go", true},
		{"runtime.newobject", "", true},
		{"reflect.unsafe_New", "/go/src/runtime/malloc.go", true},
		{"reflect.unsafe_New", "runtime/malloc.go", true}, // -trimpath
		{"internal/runtime/maps.(*Map).Put", "/go/src/internal/runtime/maps/map.go", true},
		{"reflect.mapassign0", "/go/src/internal/runtime/maps/linkname.go", true},
		{"reflect.New", "/go/src/reflect/value.go", false},
		{"runtime/pprof.(*profileBuilder).pbSample", "/go/src/runtime/pprof/proto.go", false},
		{"runtime/pprof.(*profileBuilder).pbSample", "runtime/pprof/proto.go", false},
		{"runtime/debug.Stack", "/go/src/runtime/debug/stack.go", false},
		{"example.com/m.F", "/home/u/m/m.go", false},
	} {
		if got := (Frame{Func: tt.fn, File: tt.file}).Runtime(); got != tt.want {
			t.Errorf("%s in %q: %v, want %v", tt.fn, tt.file, got, tt.want)
		}
	}
}
