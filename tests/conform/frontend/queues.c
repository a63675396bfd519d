// SPDX-License-Identifier: MIT
/* Several rings of one device, for a frontend that takes up the offer. */
#include "tests/conform/case.h"

#include "common/base/clock.h"

#define MAX_QUEUES 4
#define LOOK_MS    100

struct queues {
	struct play *play;
	struct back_place queue[MAX_QUEUES];
	unsigned int nr, at;
};

static void go_to(struct queues *queues, unsigned int i)
{
	back_go_to(&queues->play->back, &queues->queue[queues->at], &queues->queue[i]);
	queues->at = i;
}

static void attach(struct queues *queues)
{
	struct back *back = &queues->play->back;
	struct errbuf why;

	for (unsigned int i = 0; i < queues->nr; i++) {
		go_to(queues, i);
		MUST("BLK-6", back_read_queue(back, i, &why), "it has announced %u queues, but %s", queues->nr,
		     why.text);
		must_map_and_bind(queues->play);
	}
}

static void serve_all(struct queues *queues)
{
	struct play *play = queues->play;
	uint64_t deadline_ns = clock_in_ms(PLAY_PATIENCE_MS), nr_taken = 0;
	bool may_sleep;

	while (play_is_driven(play)) {
		may_sleep = true;
		for (unsigned int i = 0; i < queues->nr; i++) {
			go_to(queues, i);
			play_serve_what_is_there(play);
			may_sleep &= back_may_sleep(&play->back);
		}
		if (play->nr_taken != nr_taken)
			deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);
		nr_taken = play->nr_taken;
		MUST("RING-21", clock_now_ns() < deadline_ns,
		     "all of its %llu requests are answered, and it neither goes on nor ends",
		     (unsigned long long)nr_taken);
		if (may_sleep)
			back_sleep(&play->back, LOOK_MS);
	}
}

static void release_all(struct queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		go_to(queues, i);
		back_release(&queues->play->back);
	}
}

static void several(struct play *play)
{
	static const char *const nodes_of_one[] = { "ring-ref", "ring-ref0", "event-channel" };
	static struct queues queues = { .queue[0 ... MAX_QUEUES - 1].port = -1 };
	struct errbuf why;

	queues.play = play;
	play->back.max_queues = MAX_QUEUES;
	play_drive(play, "verify");
	play_offer(play);
	must_announce(play, "BUS-10");
	MUST("BLK-6", back_read_options(&play->back, &why), "it has announced a ring, but %s", why.text);
	queues.nr = play->back.nr_queues;
	if (queues.nr < 2)
		skip("it uses one queue");
	must_keep_to_folders(play, "BLK-6", nodes_of_one, sizeof(nodes_of_one) / sizeof(nodes_of_one[0]));
	attach(&queues);
	back_switch(&play->back, XB_CONNECTED);
	must_be_connected(play, "BUS-10");
	serve_all(&queues);
	MUST("BLK-6", play->status == 0, "its workload 'verify' has failed with status %d", play->status);
	release_all(&queues);
	must_go_down(play, "BUS-31");
}

const struct frontend_case front_queue_cases[] = {
	CASE("queue-several", "BLK-6 GNT-1 EVT-1 RING-21 BUS-10 BUS-31", "four queues are offered", several),
	{ .head.name = NULL },
};
