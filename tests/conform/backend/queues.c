// SPDX-License-Identifier: MIT
/* Several rings of one device: how many there are, where their nodes are, and that each of them is served. */
#include "tests/conform/case.h"

#include <stdio.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define MAX_QUEUES 4 /* as many are tried of those that are offered */

/* A device's rings: the first is the case's own front, of the others only ring, port and data are used. */
struct queues {
	struct front *front;
	struct front others[MAX_QUEUES - 1];
	unsigned int nr;
};

static struct front *queue(struct queues *queues, unsigned int i)
{
	return i == 0 ? queues->front : &queues->others[i - 1];
}

static unsigned int nr_offered(struct front *front)
{
	uint64_t nr = front_backend_number(front, "multi-queue-max-queues", 1);

	return nr < MAX_QUEUES ? nr : MAX_QUEUES;
}

static void begin_with_several(struct queues *queues, struct front *front)
{
	queues->front = front;
	front_begin(front);
	if (nr_offered(front) < 2)
		skip("the backend offers one queue");
	for (unsigned int i = 1; i < MAX_QUEUES; i++) {
		front_init(queue(queues, i), front->class, front->devid);
		queue(queues, i)->abi = front->abi;
		queue(queues, i)->order = front->order;
		front_begin(queue(queues, i));
	}
}

/* As for one ring, which is taken away again: what several of them have in common stays. */
static void lay_out(struct queues *queues, unsigned int nr)
{
	struct front *front = queues->front;
	char name[24];

	queues->nr = nr;
	for (unsigned int i = 0; i < nr; i++)
		front_make(queue(queues, i));
	front_lay_out(front);
	front_remove(front, "ring-ref");
	for (unsigned int page = 0; page < 1U << front->order; page++) {
		snprintf(name, sizeof(name), "ring-ref%u", page);
		front_remove(front, name);
	}
	front_remove(front, "event-channel");
	front_write(front, "multi-queue-num-queues", "%u", nr);
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "queue-%u/", i);
		front_write_ring(front, name, queue(queues, i));
	}
}

static void connect_all(struct queues *queues, unsigned int nr)
{
	char what[24];

	lay_out(queues, nr);
	front_switch(queues->front, queues->front->state);
	snprintf(what, sizeof(what), "with %u queues", nr);
	must_connect(queues->front, "BLK-7", what);
	for (unsigned int i = 1; i < nr; i++)
		must_go_on(queue(queues, i), "BLK-7");
}

/* Every ring full at once: requests of one are answered in it and nowhere else. */
static void must_serve_all(struct queues *queues)
{
	static struct flight flights[MAX_QUEUES];

	for (unsigned int i = 0; i < queues->nr; i++) {
		flight_begin(&flights[i], queue(queues, i), "BLK-7");
		while (flight_room(&flights[i]))
			flight_read(&flights[i], (16 * i + flights[i].nr_sent) % DISK_SECTORS);
	}
	for (unsigned int i = 0; i < queues->nr; i++)
		front_push(queue(queues, i));
	for (unsigned int i = 0; i < queues->nr; i++)
		flight_end(&flights[i]);
}

static void start_over(struct queues *queues)
{
	must_offer_again(queues->front, "BUS-43");
	for (unsigned int i = 1; i < queues->nr; i++)
		front_drop_ring(queue(queues, i));
}

static void every_number(struct front *front)
{
	static struct queues queues;

	begin_with_several(&queues, front);
	for (unsigned int nr = 2;; nr++) {
		connect_all(&queues, nr);
		must_serve_all(&queues);
		if (nr == nr_offered(front))
			return;
		start_over(&queues);
	}
}

static void large_rings(struct front *front)
{
	static struct queues queues;

	front->order = 1;
	front->abi = BLK_ABI_X86_32;
	begin_with_several(&queues, front);
	connect_all(&queues, 2);
	must_serve_all(&queues);
}

static void one_that_is_missing(struct front *front)
{
	static struct queues queues;

	begin_with_several(&queues, front);
	lay_out(&queues, 2);
	front_remove(front, "queue-1");
	front_switch(front, front->state);
	must_refuse(front, "BUS-6", "two queues and the nodes of one");
}

/* Windows' xenvbd: one queue is said, and is flat all the same. */
static void one_that_is_said(struct front *front)
{
	front_begin(front);
	front_announce_with(front, "multi-queue-num-queues", "1");
	must_connect(front, "BLK-7", "with multi-queue-num-queues 1");
}

/* 0 queues were memory of size 0 to somebody. */
static void wrong_numbers(struct front *front)
{
	uint64_t numbers[] = { 0, 0, 65536, 4294967295, 4294967296, 4294967297 };
	char what[64];

	front_begin(front);
	numbers[1] = front_backend_number(front, "multi-queue-max-queues", 1) + 1;
	for (unsigned int i = 0; i < NR(numbers); i++) {
		front_announce_with(front, "multi-queue-num-queues", "%llu", (unsigned long long)numbers[i]);
		snprintf(what, sizeof(what), "multi-queue-num-queues %llu", (unsigned long long)numbers[i]);
		must_not_connect(front, "BLK-7", what);
		must_offer_again(front, "BUS-27");
	}
}

/* Unikraft does not go on without them. */
static void they_are_offered(struct front *front)
{
	front_begin(front);
	MUST("BLK-7", front_backend_number(front, "multi-queue-max-queues", 0) > 0,
	     "it offers no multi-queue-max-queues in InitWait");
}

const struct backend_case queue_cases[] = {
	CASE("queue-offered", "BLK-7", "the number of queues is offered, also if it is 1", they_are_offered),
	CASE("queue-one-said", "BLK-7", "one queue that is said", one_that_is_said),
	CASE("queue-number-wrong", "BLK-7 BUS-27", "no queues, or more than are offered", wrong_numbers),
	CASE("queue-every-number", "BLK-7 BUS-43 RING-10", "every number of queues that is offered, all of them busy",
	     every_number),
	CASE("queue-large-rings", "BLK-7 RING-10", "two queues of two pages each, of a 32-bit frontend", large_rings),
	CASE("queue-missing", "BUS-6", "the nodes of one of two queues are missing", one_that_is_missing),
	{ .head.name = NULL },
};
