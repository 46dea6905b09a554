//go:build linux && !nolinkname && !offheapcheck && !race && !go1.28

#include "textflag.h"
#include "go_asm.h"

// The fast paths. See fast.go and fast_asm.go.
//
// Arguments and results are in registers, and R14 is the g, as the compiler has
// them (cmd/compile/abi-internal.md). AX and BX are the Allocator. DX, R8 to R13
// and X0 are free for use; on the slow path the arguments are as they came.

// BIN sets R9 to the bin for objects of the size in a register. It is that of this
// P, and stays so until RET, or that of a Cache.
#define BIN(size, slow, cache, bin) \
	CMPQ	size, $const_fastMax; \
	JHI	slow; \
	LEAQ	·binOffset(SB), R8; \
	MOVWLZX	(R8)(size*2), R9; \
	CMPQ	AX, ·heapTab(SB); \
	JNE	cache; \
	MOVQ	const_offsetGM(R14), R10; \
	MOVQ	const_offsetMP(R10), R10; \
	MOVL	const_offsetPID(R10), R10; \
	CMPL	R10, $const_maxPinned; \
	JAE	slow; \
	ADDQ	Heap_caches(BX)(R10*8), R9; \
bin:

// CACHEBIN is the rest of BIN for a Cache.
#define CACHEBIN(slow, cache, bin) \
cache:	\
	CMPQ	AX, ·cacheTab(SB); \
	JNE	slow; \
	ADDQ	Cache_c(BX), R9; \
	JMP	bin

// POP sets R11 to an object of the bin in R9, for a request of CX bytes.
#define POP(slow) \
	MOVQ	(pcache_bins+bin_head)(R9), R11; \
	TESTQ	R11, R11; \
	JEQ	slow; \
	MOVQ	(R11), R12; \
	MOVQ	R12, (pcache_bins+bin_head)(R9); \
	DECL	(pcache_bins+bin_n)(R9); \
	ADDQ	CX, (pcache_bins+bin_req)(R9)

// CHECKTYPE goes to the slow path if the type that DI is the pointer type of has
// Go pointers.
#define CHECKTYPE(slow) \
	MOVQ	abiPtrType_elem(DI), R8; \
	CMPQ	abiType_ptrBytes(R8), $0; \
	JNE	slow

// func(a Allocator, size uintptr, nilT any) (unsafe.Pointer, error)
TEXT ·allocText(SB), NOSPLIT|NOFRAME, $0-0
	CHECKTYPE(slow)
	BIN(CX, slow, cache, bin)
	POP(slow)
	MOVQ	R11, AX
	XORL	BX, BX
	XORL	CX, CX
	RET
	CACHEBIN(slow, cache, bin)
slow:
	MOVQ	·allocSlow(SB), DX
	JMP	(DX)

// func(a Allocator, size uintptr, nilT any) (unsafe.Pointer, error)
TEXT ·zeroText(SB), NOSPLIT|NOFRAME, $0-0
	CMPQ	CX, $const_zeroMax
	JHI	slow
	CHECKTYPE(slow)
	BIN(CX, slow, cache, bin)
	POP(slow)
	MOVQ	R11, AX
	XORL	BX, BX
	CMPQ	CX, $16
	JB	eight
	PXOR	X0, X0
	LEAQ	-16(R11)(CX*1), R10 // the last 16 bytes
	LEAQ	-48(R10), R12
	CMPQ	R11, R12
	JHI	rest
many:
	MOVUPS	X0, (R11)
	MOVUPS	X0, 16(R11)
	MOVUPS	X0, 32(R11)
	MOVUPS	X0, 48(R11)
	ADDQ	$64, R11
	CMPQ	R11, R12
	JLS	many
rest:
	CMPQ	R11, R10
	JAE	last
	MOVUPS	X0, (R11)
	ADDQ	$16, R11
	JMP	rest
last:
	MOVUPS	X0, (R10)
	XORL	CX, CX
	RET
eight:
	MOVQ	BX, (R11)
	XORL	CX, CX
	RET
	CACHEBIN(slow, cache, bin)
slow:
	MOVQ	·zeroSlow(SB), DX
	JMP	(DX)

// func(a Allocator, p unsafe.Pointer, size uintptr)
TEXT ·freeText(SB), NOSPLIT|NOFRAME, $0-0
	TESTQ	CX, CX
	JEQ	slow
	BIN(DI, slow, cache, bin)
	MOVL	(pcache_bins+bin_n)(R9), R11
	CMPL	R11, (pcache_bins+bin_max)(R9)
	JAE	slow
	MOVQ	(pcache_bins+bin_head)(R9), R12
	CMPQ	R12, CX
	JEQ	slow
	MOVQ	R12, (CX)
	MOVQ	CX, (pcache_bins+bin_head)(R9)
	INCL	R11
	MOVL	R11, (pcache_bins+bin_n)(R9)
	SUBQ	DI, (pcache_bins+bin_req)(R9)
	RET
	CACHEBIN(slow, cache, bin)
slow:
	MOVQ	·freeSlow(SB), DX
	JMP	(DX)

// func() uintptr, this goroutine's m
TEXT ·gmText(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	const_offsetGM(R14), AX
	RET

// func entries() (alloc, zero, free, gm uintptr)
TEXT ·entries(SB), NOSPLIT, $0-32
	LEAQ	·allocText(SB), AX
	MOVQ	AX, alloc+0(FP)
	LEAQ	·zeroText(SB), AX
	MOVQ	AX, zero+8(FP)
	LEAQ	·freeText(SB), AX
	MOVQ	AX, free+16(FP)
	LEAQ	·gmText(SB), AX
	MOVQ	AX, gm+24(FP)
	RET
