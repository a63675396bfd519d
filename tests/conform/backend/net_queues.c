// SPDX-License-Identifier: MIT
/* Several queues of one vif: that each of them is served, whichever the backend gives a frame to. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define MAX_QUEUES 4  /* as many are tried of those that are offered */
#define NR_FLOWS   16
#define LOOK_MS    5
#define NR_ENTRIES 32 /* of a mapping */
#define NR_ROUNDS  8
#define TCP        6
#define UDP        17

/* The first is the case's own vif, of the others only the rings are used. */
struct queues {
	struct vif *vif;
	struct vif others[MAX_QUEUES - 1];
	unsigned int nr;
};

static struct vif *queue(struct queues *queues, unsigned int i)
{
	return i == 0 ? queues->vif : &queues->others[i - 1];
}

static unsigned int begin(struct queues *queues, struct front *front)
{
	uint64_t nr;

	front_begin(front);
	nr = front_backend_number(front, "multi-queue-max-queues", 1);
	if (nr < 2)
		skip("the backend offers one queue");
	if (front->needs && !front_backend_number(front, front->needs, 0))
		skip("the backend does not offer %s", front->needs);
	queues->vif = vif_of(front);
	return nr < MAX_QUEUES ? nr : MAX_QUEUES;
}

/* As for one, whose nodes are taken away again: what several have in common stays. Nor do those of another time. */
static void lay_out(struct queues *queues, unsigned int nr, bool has_two_ports)
{
	static const char *const of_one[] = { "tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx",
					      "event-channel-rx" };
	struct front *front = &queues->vif->front;
	char folder[24];

	queues->nr = nr;
	for (unsigned int i = 1; i < nr; i++) {
		vif_init(queue(queues, i), front->devid, queues->vif->far);
		front_begin(&queue(queues, i)->front);
	}
	for (unsigned int i = 0; i < nr; i++) {
		queue(queues, i)->has_two_ports = has_two_ports;
		front_make(&queue(queues, i)->front);
	}
	front_lay_out(front);
	for (unsigned int i = 0; i < NR(of_one); i++)
		front_remove(front, of_one[i]);
	front_write(front, "multi-queue-num-queues", "%u", nr);
	for (unsigned int i = 0; i < nr; i++) {
		snprintf(folder, sizeof(folder), "queue-%u", i);
		front_remove(front, folder);
		strcat(folder, "/");
		vif_write_rings(front, folder, queue(queues, i));
	}
}

static void connect(struct queues *queues, unsigned int nr, bool has_two_ports)
{
	struct front *front = &queues->vif->front;

	lay_out(queues, nr, has_two_ports);
	front_switch(front, front->state);
	MUST("NET-53", front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS), "it is %s with %u queues",
	     front_backend_state_name(front), nr);
	if (!queues->vif->far->front.ring)
		front_connect(&queues->vif->far->front, "BUS-21");
}

static void start_over(struct queues *queues)
{
	must_offer_again(&queues->vif->front, "BUS-43");
	for (unsigned int i = 1; i < queues->nr; i++)
		front_drop_ring(&queue(queues, i)->front);
}

/* On whichever of them; which, or queues->nr: none in that time. */
static unsigned int receive(struct queues *queues, struct frame *frame)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);

	while (clock_now_ns() < deadline_ns) {
		for (unsigned int i = 0; i < queues->nr; i++) {
			if (vif_receive(queue(queues, i), frame, LOOK_MS))
				return i;
		}
	}
	return queues->nr;
}

/* A bridge may need a while: until one has come through by the first queue. */
static void await_link(struct queues *queues)
{
	static struct frame got;
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);
	struct vif *vif = queues->vif;

	do {
		MUST("NET-53", clock_now_ns() < deadline_ns, "no frame comes through by the first of %u queues",
		     queues->nr);
		vif_send(vif, wire_frame(vif, 60));
		must_answer_slots(vif, "NET-53");
	} while (!vif_receive(vif->far, &got, 50));
	while (vif_receive(vif->far, &got, 50))
		;
}

static void serve_all(struct queues *queues)
{
	static struct frame got;
	struct vif *vif = queues->vif;

	await_link(queues);
	for (unsigned int i = 0; i < queues->nr; i++) {
		struct vif *one = queue(queues, i);
		static struct frame frame;

		frame_raw(&frame, vif_ends(vif), 1514, i);
		verdict_at("queue %u of %u", i, queues->nr);
		vif_send(one, &frame);
		must_answer_slots(one, "NET-53");
		must_arrive(vif, "NET-53", &frame);
	}
	for (unsigned int flow = 0; flow < NR_FLOWS; flow++) {
		const struct frame *frame = wire_frame(vif->far, 100 + 1000 * flow);

		vif_send(vif->far, frame);
		must_answer_slots(vif->far, "NET-53");
		MUST("NET-53", receive(queues, &got) < queues->nr && frame_is(&got, frame),
		     "a frame comes by none of %u queues", queues->nr);
	}
}

static void every_number(struct front *front)
{
	static struct queues queues;
	unsigned int most = begin(&queues, front);

	for (unsigned int nr = 2; nr <= most; nr++) {
		bool can_split = front_backend_number(front, "feature-split-event-channels", 0);

		connect(&queues, nr, can_split && nr % 2);
		serve_all(&queues);
		start_over(&queues);
	}
	front_make(front);
	front_announce(front, "NET-53");
	must_go_on(front, "NET-53");
}

/* Of the last one a ring is missing. */
static void one_is_missing(struct front *front)
{
	static struct queues queues;
	unsigned int most = begin(&queues, front);
	char node[32];

	lay_out(&queues, most, false);
	snprintf(node, sizeof(node), "queue-%u/rx-ring-ref", most - 1);
	front_remove(front, node);
	front_switch(front, front->state);
	must_refuse(front, "NET-53", node);
	start_over(&queues);
	connect(&queues, most, false);
	serve_all(&queues);
}

/* One packet of a flow after the other. A WARN where they come by several. */
static void flow_stays_in_one(struct front *front)
{
	static struct queues queues;
	static struct frame got;
	struct vif *vif = vif_of(front);
	unsigned int first = MAX_QUEUES, by;

	connect(&queues, begin(&queues, front), false);
	await_link(&queues);
	for (unsigned int i = 0; i < NR_FLOWS; i++) {
		struct frame *frame = wire_packet(vif->far, 4, UDP, 100 + i);

		vif_send(vif->far, frame);
		must_answer_slots(vif->far, "NET-53");
		by = receive(&queues, &got);
		MUST("NET-53", by < queues.nr, "a packet comes by none of %u queues", queues.nr);
		MUST("NET-55", first == MAX_QUEUES || by == first, "packets of one flow come by queue %u and queue %u",
		     first, by);
		first = by;
	}
}

/* ---- hashes ---------------------------------------------------------------------------------------------------- */

static void must_take(struct vif *vif, uint16_t type, uint32_t a, uint32_t b)
{
	uint32_t status = vif_ask(vif, type, a, b, 0).status;

	MUST("NET-64", status == XEN_NETIF_CTRL_STATUS_SUCCESS, "it answers %u to a message of type %u", status, type);
}

static void set_key(struct vif *vif, struct loan *key)
{
	for (unsigned int i = 0; i < FRAME_KEY_BYTES; i++)
		key->page[i] = rand_r(&vif->front.seed);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, key->gref, FRAME_KEY_BYTES);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS,
		  XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | XEN_NETIF_CTRL_HASH_TYPE_IPV6 |
		  XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP, 0);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, NR_ENTRIES, 0);
}

static void must_steer(struct queues *queues, struct frame *frame, const uint8_t *key, const uint32_t *mapping)
{
	static struct frame got;
	unsigned int by;
	uint32_t hash;

	frame_hash(frame, key, &hash);
	vif_send(queues->vif->far, frame);
	must_answer_slots(queues->vif->far, "NET-64");
	by = receive(queues, &got);
	MUST("NET-64", by == mapping[hash % NR_ENTRIES], "a packet with hash %#x comes by queue %u, not %u", hash, by,
	     mapping[hash % NR_ENTRIES]);
	MUST("NET-64", got.has_hash && got.hash == hash, "a packet with hash %#x comes with %s, %#x", hash,
	     got.has_hash ? "another one" : "none", got.hash);
}

/* Whatever the mapping says. */
static void hash_steers(struct front *front)
{
	static struct queues queues;
	struct vif *vif = vif_of(front);
	struct loan key, table;
	uint32_t *mapping;

	vif->has_control_ring = true;
	connect(&queues, begin(&queues, front), false);
	await_link(&queues);
	if (vif_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0).data < NR_ENTRIES)
		skip("the backend has no mapping of %u entries", NR_ENTRIES);
	key = loan_page(front, false);
	table = loan_page(front, false);
	mapping = (uint32_t *)table.page;
	for (unsigned int i = 0; i < queues.nr; i++)
		queue(&queues, i)->takes_hash = true;
	for (unsigned int round = 0; round < NR_ROUNDS; round++) {
		set_key(vif, &key);
		for (unsigned int i = 0; i < NR_ENTRIES; i++)
			mapping[i] = rand_r(&front->seed) % queues.nr;
		must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, table.gref, NR_ENTRIES);
		for (unsigned int i = 0; i < 4; i++)
			must_steer(&queues, wire_packet(vif->far, i & 1 ? 4 : 6, i & 2 ? TCP : UDP, 500), key.page,
				   mapping);
	}
}

const struct backend_case net_queue_cases[] = {
	CASE("queue-every-number", "NET-53 BUS-21 BUS-34 BUS-43", "2 queues, and more, as many as are offered",
	     every_number),
	CASE("queue-missing", "NET-53 BUS-21 BUS-34 BUS-43", "a queue of which a ring is missing", one_is_missing),
	CASE("queue-flow", "NET-55 NET-53 BUS-21", "packets of one flow come by one queue", flow_stays_in_one),
	CASE("queue-hash", "NET-64 NET-53 BUS-21", "frames go to the queue that the mapping has for their hash",
	     hash_steers, .needs = "feature-ctrl-ring"),
	{ .head.name = NULL },
};
