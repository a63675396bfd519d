// SPDX-License-Identifier: MIT
/* Several queues of one vif, for a frontend that takes up the offer. */
#include "tests/conform/case.h"

#include <stdio.h>

#include "common/base/clock.h"

#define MAX_QUEUES 4
#define LOOK_MS    20

/* What a queue's two rings have, while the vif is at another one. */
struct queue {
	struct back_place tx;
	struct back rx;
};

struct queues {
	struct play_vif *vif;
	struct queue queue[MAX_QUEUES];
	unsigned int nr, at;
};

static void go_to(struct queues *queues, unsigned int i)
{
	struct play_vif *vif = queues->vif;
	struct queue *from = &queues->queue[queues->at], *to = &queues->queue[i];

	back_go_to(&vif->play.back, &from->tx, &to->tx);
	from->rx = vif->rx;
	vif->rx = to->rx;
	queues->at = i;
}

static void attach(struct queues *queues)
{
	char folder[24];

	for (unsigned int i = 0; i < queues->nr; i++) {
		go_to(queues, i);
		snprintf(folder, sizeof(folder), "queue-%u/", i);
		must_publish_queue(queues->vif, folder);
		must_map_queue(queues->vif);
	}
}

/* NET-54: what has come by one queue goes back by the next. */
static bool serve(struct queues *queues, unsigned int i)
{
	struct play *play = &queues->vif->play;
	bool has_one;

	go_to(queues, i);
	has_one = play_has_request(play) && play_take_next(play);
	if (!has_one)
		return false;
	play_vif_answer(queues->vif, NETIF_RSP_OKAY);
	go_to(queues, (i + 1) % queues->nr);
	play_vif_mirror(queues->vif);
	return true;
}

static bool may_sleep(struct queues *queues)
{
	bool may = true;

	for (unsigned int i = 0; i < queues->nr; i++) {
		go_to(queues, i);
		may &= !queues->vif->play.back.ring || back_may_sleep(&queues->vif->play.back);
	}
	return may;
}

static void serve_all(struct queues *queues)
{
	struct play *play = &queues->vif->play;
	uint64_t deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);
	bool has_one;

	while (play_is_driven(play)) {
		has_one = false;
		for (unsigned int i = 0; i < queues->nr; i++)
			has_one |= serve(queues, i);
		if (has_one)
			deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);
		MUST("NET-54", clock_now_ns() < deadline_ns,
		     "all of its %llu frames are answered and have come back, and it neither goes on nor ends",
		     (unsigned long long)play->nr_taken);
		if (!has_one && may_sleep(queues))
			play_sleep(play, LOOK_MS);
	}
}

static void release_all(struct queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		go_to(queues, i);
		play_release(&queues->vif->play);
	}
}

static void several(struct play *play)
{
	static const char *const nodes_of_one[] = { "tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx",
						    "event-channel-rx" };
	static struct queues queues;

	queues.vif = play_vif_of(play);
	for (unsigned int i = 0; i < MAX_QUEUES; i++)
		queues.queue[i] = (struct queue){ .tx.port = -1, .rx = queues.vif->rx };
	play->back.max_queues = MAX_QUEUES;
	play_drive(play, "verify");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_publish_terms(queues.vif);
	queues.nr = play->back.nr_queues;
	if (queues.nr < 2)
		skip("it uses one queue");
	must_keep_to_folders(play, "NET-52", nodes_of_one, sizeof(nodes_of_one) / sizeof(nodes_of_one[0]));
	attach(&queues);
	back_switch(&play->back, XB_CONNECTED);
	must_be_connected(play, "BUS-10");
	serve_all(&queues);
	MUST("NET-54", play->status == 0, "its workload 'verify' has failed with status %d", play->status);
	release_all(&queues);
	must_go_down(play, "BUS-31");
}

static void one_of_several(struct play *play)
{
	must_do(play, "NET-52", "verify");
}

const struct frontend_case front_net_queue_cases[] = {
	CASE("queue-one", "NET-52 BUS-10 BUS-31", "one queue is offered", one_of_several),
	CASE("queue-several", "NET-54 NET-52 GNT-1 EVT-1 BUS-10 BUS-31", "four are", several),
	{ .head.name = NULL },
};
