#include <mimalloc.h>

#include "raw.h"

void *(*const raw_alloc)(size_t) = mi_malloc;
void (*const raw_free)(void *) = mi_free;
