// SPDX-License-Identifier: MIT
/*
 * Two threads and a real ring: 32-bit indexes that wrap on the way, the real primitives, sleepers woken by eventfd.
 * Every request and every response is verified. A wake-up that is lost, a side that stops: the alarm ends it.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/ring/back.h"
#include "common/ring/front.h"

#define NR_REQUESTS    150000u
#define REQUEST_WORDS  28 /* 112 bytes, as a block request */
#define RESPONSE_WORDS 4
#define MAX_HELD       64
#define DEADLINE_S     120

static unsigned char page[64 + 64 * REQUEST_WORDS * 4] __attribute__((aligned(4096)));
static struct ring_layout layout;
static ring_idx start;
static int to_back, to_front;
static unsigned int nr_wrong; /* written by either thread after it has found something wrong, read after both ended */
static unsigned int nr_front_sleeps, nr_back_sleeps;

static void wrong(const char *what, uint32_t id)
{
	printf("# %s (%u)\n", what, id);
	__atomic_fetch_add(&nr_wrong, 1, __ATOMIC_RELAXED);
}

static void notify(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void sleep_until_notified(int fd)
{
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		abort();
}

/* xorshift: each thread's own decisions, the same in every run */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

static void fill(uint32_t *words, unsigned int nr, uint32_t id, uint32_t salt)
{
	for (unsigned int i = 0; i < nr; i++)
		words[i] = id * 2654435761u + i * salt;
	words[0] = id;
}

static bool holds(const uint32_t *words, unsigned int nr, uint32_t salt)
{
	uint32_t want[REQUEST_WORDS];

	fill(want, nr, words[0], salt);
	return memcmp(words, want, nr * sizeof(*words)) == 0;
}

struct held {
	uint32_t ids[MAX_HELD];
	unsigned int nr;
};

static void answer_some(struct ring_back *r, struct held *held, uint32_t *random)
{
	uint32_t response[RESPONSE_WORDS];
	unsigned int nr = held->nr ? 1 + next_random(random) % held->nr : 0;

	while (nr--) {
		unsigned int which = next_random(random) % held->nr; /* in any order */

		fill(response, RESPONSE_WORDS, held->ids[which], 7);
		held->ids[which] = held->ids[--held->nr];
		ring_back_put(r, response);
	}
	if (ring_back_push(r))
		notify(to_front);
}

static void *back_thread(void *unused)
{
	uint32_t request[REQUEST_WORDS], random = 1, nr_got = 0;
	struct held held = { .nr = 0 };
	struct ring_back r;
	enum ring_pop got;

	ring_back_attach(&r, page, &layout, start, start);
	while (nr_got < NR_REQUESTS || held.nr) {
		while ((got = ring_back_pop(&r, request)) == RING_GOT) {
			if (request[0] != nr_got++ || !holds(request, REQUEST_WORDS, 3))
				wrong("a request is not what was sent", request[0]);
			held.ids[held.nr++] = request[0];
			if (next_random(&random) % 8 == 0)
				answer_some(&r, &held, &random);
		}
		if (got == RING_BROKEN) {
			wrong("the frontend's index is impossible", nr_got);
			break;
		}
		if (held.nr) {
			answer_some(&r, &held, &random);
		} else if (nr_got < NR_REQUESTS && !ring_back_final_check(&r)) {
			nr_back_sleeps++;
			sleep_until_notified(to_back);
		}
	}
	return unused;
}

static void take_responses(struct ring_front *r, unsigned char *seen, uint32_t *nr_done)
{
	uint32_t response[RESPONSE_WORDS];
	enum ring_pop got;

	while ((got = ring_front_pop(r, response)) == RING_GOT) {
		if (!holds(response, RESPONSE_WORDS, 7) || response[0] >= NR_REQUESTS || seen[response[0]]++)
			wrong("a response is not one that was asked for", response[0]);
		++*nr_done;
	}
	if (got == RING_BROKEN) {
		wrong("the backend's index is impossible", *nr_done);
		*nr_done = NR_REQUESTS;
	}
}

static void front(unsigned char *seen)
{
	uint32_t request[REQUEST_WORDS], random = 2, nr_sent = 0, nr_done = 0;
	struct ring_front r;

	ring_front_attach(&r, page, &layout, start, start);
	while (nr_done < NR_REQUESTS) {
		unsigned int burst = next_random(&random) % (2 * layout.nr_slots);

		while (burst-- && nr_sent < NR_REQUESTS) {
			fill(request, REQUEST_WORDS, nr_sent, 3);
			if (!ring_front_put(&r, request))
				break;
			nr_sent++;
		}
		if (ring_front_push(&r))
			notify(to_back);
		take_responses(&r, seen, &nr_done);
		if (nr_done < nr_sent && !ring_front_final_check(&r)) {
			nr_front_sleeps++;
			sleep_until_notified(to_front);
		}
	}
}

static void run(unsigned int number, unsigned int nr_slots)
{
	unsigned char *seen = calloc(1, NR_REQUESTS);
	struct ring_front fresh;
	pthread_t thread;

	nr_wrong = nr_front_sleeps = nr_back_sleeps = 0;
	start = -(NR_REQUESTS / 2);
	to_back = eventfd(0, 0);
	to_front = eventfd(0, 0);
	if (!seen || !ring_layout_init(&layout, RING_HEADER_BYTES + nr_slots * REQUEST_WORDS * 4, REQUEST_WORDS * 4,
				       RESPONSE_WORDS * 4))
		abort();
	ring_front_init(&fresh, page, &layout);
	peer_store(&fresh.shared->req_prod, start);
	peer_store(&fresh.shared->rsp_prod, start);
	peer_store(&fresh.shared->req_event, start + 1);
	peer_store(&fresh.shared->rsp_event, start + 1);
	if (pthread_create(&thread, NULL, back_thread, NULL))
		abort();
	front(seen);
	pthread_join(thread, NULL);
	for (uint32_t id = 0; id < NR_REQUESTS; id++) {
		if (!seen[id])
			wrong("a request without a response", id);
	}
	printf("%sok %u - %u requests through %u slots across the wrap\n", nr_wrong ? "not " : "", number, NR_REQUESTS,
	       layout.nr_slots);
	printf("# sleeps: frontend %u, backend %u\n", nr_front_sleeps, nr_back_sleeps);
	free(seen);
	close(to_back);
	close(to_front);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(DEADLINE_S);
	run(1, 1);
	run(2, 2);
	run(3, 32);
	printf("1..3\n");
	return 0;
}
