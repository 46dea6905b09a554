// The harness in C: package pattern's pair and batch, with the same loops, calls
// through function pointers and writes, and the worker command's requests and
// answers. It is linked with null.c, the control, or with an allocator.
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "raw.h"

enum { LIVE = 1000, MAX_THREADS = 16 };

typedef struct {
	void *(*alloc)(size_t);
	void (*dealloc)(void *);
	size_t size;
	long n;
	const int *order;
} work;

static void *pair(void *arg) {
	work w = *(work *)arg;
	for (long i = 0; i < w.n; i++) {
		void *p = w.alloc(w.size);
		*(volatile uint64_t *)p = 1;
		w.dealloc(p);
	}
	return NULL;
}

static void *batch(void *arg) {
	work w = *(work *)arg;
	void *ps[LIVE];
	for (long round = 0; round < w.n / LIVE; round++) {
		for (int i = 0; i < LIVE; i++) {
			void *p = w.alloc(w.size);
			*(volatile uint64_t *)p = 1;
			ps[i] = p;
		}
		for (int i = 0; i < LIVE; i++) {
			w.dealloc(ps[w.order[i]]);
		}
	}
	return NULL;
}

static uint64_t seed;

// next is package pattern's generator.
static uint64_t next(void) {
	uint64_t z = seed += 0x9e3779b97f4a7c15;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static long wall(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static long cpu(void) {
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000L +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000L;
}

typedef struct {
	long n, wall, cpu;
} result;

static result run(void *(*f)(void *), work w, int threads) {
	pthread_t t[MAX_THREADS];
	result r = {.n = w.n};
	long c = cpu(), start = wall();
	for (int i = 1; i < threads; i++) {
		pthread_create(&t[i], NULL, f, &w);
	}
	f(&w);
	for (int i = 1; i < threads; i++) {
		pthread_join(t[i], NULL);
	}
	r.wall = wall() - start;
	r.cpu = cpu() - c;
	return r;
}

int main(int argc, char **argv) {
	long target = argc > 1 ? atol(argv[1]) : 30000000; // ns
	int order[LIVE];
	for (int i = 0; i < LIVE; i++) {
		int j = (next() >> 32) * (uint64_t)(i + 1) >> 32;
		order[i] = order[j];
		order[j] = i;
	}
	work w = {raw_alloc, raw_free, 0, 0, order};
	char name[32];
	int threads;
	while (scanf("%31s %zu %d %ld", name, &w.size, &threads, &w.n) == 4) {
		void *(*f)(void *) = strcmp(name, "pair") == 0 ? pair : strcmp(name, "batch") == 0 ? batch : NULL;
		if (f == NULL || threads < 1 || threads > MAX_THREADS) {
			fprintf(stderr, "raw: no %s with %d threads\n", name, threads);
			return 1;
		}
		result r;
		if (w.n > 0) {
			work warm = w;
			warm.n = w.n / 10 + LIVE;
			run(f, warm, threads);
			r = run(f, w, threads);
		} else {
			w.n = LIVE;
			while ((r = run(f, w, threads)).cpu / threads < target * 3 / 4) {
				double factor = 1.1 * target / (r.cpu / threads + 1);
				w.n = w.n * (factor > 100 ? 100 : factor) + LIVE;
				w.n -= w.n % LIVE;
			}
		}
		printf("%ld %ld %ld\n", r.n, r.wall, r.cpu);
		fflush(stdout);
	}
	return 0;
}
