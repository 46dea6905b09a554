//go:build cgo && (link_glibc || link_mimalloc || link_jemalloc || link_tcmalloc)

package peer

/*
#cgo noescape bench_malloc
#cgo nocallback bench_malloc
#cgo noescape bench_free
#cgo nocallback bench_free
#cgo noescape bench_null_alloc
#cgo nocallback bench_null_alloc
#cgo noescape bench_null_free
#cgo nocallback bench_null_free

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

static void *bench_malloc(size_t n) { return malloc(n); }
static void bench_free(void *p) { free(p); }

static __thread char bench_memory[64 << 10];

__attribute__((noinline)) static void *bench_null_alloc(size_t n) { return bench_memory; }
__attribute__((noinline)) static void bench_null_free(void *p) { __asm__ volatile("" : : "r"(p)); }

// bench_library is the file that malloc is in.
static const char *bench_library(void) {
	Dl_info info;
	return dladdr((void *)&malloc, &info) ? info.dli_fname : "";
}
*/
import "C"

import (
	"fmt"
	"strings"
	"unsafe"

	"github.com/stackward-go/stackward/offheap/bench/internal/pattern"
)

// cMalloc is malloc and free of the C library that is linked, through cgo.
type cMalloc struct{}

func init() {
	Peers = append(Peers,
		Peer{Name: "cgo-" + cLibrary, New: func() pattern.Allocator { return newCMalloc() }},
		Peer{Name: "cgo-null", New: func() pattern.Allocator { return cNull{} }})
}

// newCMalloc makes sure that malloc is that of the library meant.
func newCMalloc() cMalloc {
	want := map[string]string{"glibc": "libc.so"}[cLibrary]
	if want == "" {
		want = "lib" + cLibrary
	}
	if got := C.GoString(C.bench_library()); !strings.Contains(got, want) {
		panic(fmt.Sprintf("peer: malloc is of %s, not of %s", got, want))
	}
	return cMalloc{}
}

func (cMalloc) Ops(size int) pattern.Ops {
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return C.bench_malloc(C.size_t(size)) },
		Free:  func(p unsafe.Pointer) { C.bench_free(p) },
	}
}

func (cMalloc) SizedOps() pattern.SizedOps {
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return C.bench_malloc(C.size_t(size)) },
		Free:  func(p unsafe.Pointer, _ uintptr) { C.bench_free(p) },
	}
}

// cNull is the control of the others through cgo.
type cNull struct{}

func (cNull) Ops(size int) pattern.Ops {
	return pattern.Ops{
		Alloc: func() unsafe.Pointer { return C.bench_null_alloc(C.size_t(size)) },
		Free:  func(p unsafe.Pointer) { C.bench_null_free(p) },
	}
}

func (cNull) SizedOps() pattern.SizedOps {
	return pattern.SizedOps{
		Alloc: func(size uintptr) unsafe.Pointer { return C.bench_null_alloc(C.size_t(size)) },
		Free:  func(p unsafe.Pointer, _ uintptr) { C.bench_null_free(p) },
	}
}
