#include <stddef.h>

// The allocator that the harness is linked with.
extern void *(*const raw_alloc)(size_t);
extern void (*const raw_free)(void *);
