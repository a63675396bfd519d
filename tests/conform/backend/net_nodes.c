// SPDX-License-Identifier: MIT
/* A vif's nodes: what a backend offers, what it needs of the frontend, and what it does without. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/nodes.h"
#include "tests/conform/peer/wire.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const char *const offered[] = {
	"feature-rx-copy", "feature-rx-flip", "feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
	"feature-no-csum-offload", "feature-ipv6-csum-offload", "feature-split-event-channels",
	"multi-queue-max-queues", "feature-multicast-control", "feature-dynamic-multicast-control",
	"feature-ctrl-ring", "feature-xdp-headroom",
};

/* ---- what is offered ------------------------------------------------------------------------------------------- */

static void copies(struct front *front)
{
	front_begin(front);
	MUST("NET-2", front_backend_number(front, "feature-rx-copy", 0) == 1, "feature-rx-copy is not 1");
	MUST("NET-2", front_backend_number(front, "feature-rx-flip", 0) == 0, "feature-rx-flip is not 0");
}

/* Before the frontend has said anything, and as it stays. */
static void offers_in_time(struct front *front)
{
	struct nodes before, after;

	front_begin(front);
	nodes_read(&before, front, front->dev.otherend);
	vif_connect(vif_of(front), "BUS-21");
	nodes_read(&after, front, front->dev.otherend);
	for (unsigned int i = 0; i < NR(offered); i++) {
		const char *value = nodes_get(&before, offered[i]);

		MUST("BUS-11", strcmp(value, nodes_get(&after, offered[i])) == 0,
		     "%s was '%s' in InitWait and is '%s' in Connected", offered[i], value,
		     nodes_get(&after, offered[i]));
		MUST("BUS-5", strspn(value, "0123456789") == strlen(value), "%s is '%s'", offered[i], value);
	}
}

/* ---- what is needed -------------------------------------------------------------------------------------------- */

static void refuses_with(struct front *front, const char *clause, const char *node, const char *value)
{
	char what[64];

	snprintf(what, sizeof(what), "'%.20s' for %s", value ?: "nothing", node);
	if (value)
		front_announce_with(front, node, "%s", value);
	else
		front_announce_without(front, node);
	must_refuse(front, clause, what);
	must_offer_again(front, "BUS-27");
}

static void must_connect_after_all(struct front *front, const char *clause)
{
	front_make(front);
	front_announce(front, clause);
	must_go_on(front, clause);
}

static void no_copying(struct front *front)
{
	front_begin(front);
	refuses_with(front, "NET-1", "request-rx-copy", "0");
	refuses_with(front, "NET-1", "request-rx-copy", NULL);
	must_connect_after_all(front, "NET-1");
}

static void rings_that_are_none(struct front *front)
{
	static const char *const nodes[] = { "tx-ring-ref", "rx-ring-ref", "event-channel" };
	static const char *const values[] = { NULL, "", "0", "abc", "-1", "4294967295", "18446744073709551615" };

	front_begin(front);
	for (unsigned int n = 0; n < NR(nodes); n++) {
		for (unsigned int v = 0; v < NR(values); v++)
			refuses_with(front, "BUS-6", nodes[n], values[v]);
	}
	must_connect_after_all(front, "BUS-6");
}

/* Either ring alone cannot be had. */
static void rings_not_granted(struct front *front)
{
	front_begin(front);
	refuses_with(front, "GNT-6", "tx-ring-ref", "1000000");
	refuses_with(front, "GNT-6", "rx-ring-ref", "1000000");
	must_connect_after_all(front, "BUS-27");
}

static void options_that_are_none(struct front *front)
{
	static const char *const nodes[] = { "feature-sg", "feature-gso-tcpv4", "feature-no-csum-offload",
					     "feature-ipv6-csum-offload" };
	static const char *const values[] = { "", "2", "yes", "-1" };
	char what[64];

	front_begin(front);
	for (unsigned int i = 0; i < NR(nodes) * NR(values); i++) {
		const char *node = nodes[i % NR(nodes)], *value = values[i / NR(nodes)];

		front_announce_with(front, node, "%s", value);
		snprintf(what, sizeof(what), "'%s' for %s", value, node);
		must_not_connect(front, "BUS-7", what);
		must_offer_again(front, "BUS-27");
	}
}

/* ---- what is not ----------------------------------------------------------------------------------------------- */

/* Mini-OS. */
static void no_rx_notify(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif->omits_rx_notify = true;
	vif->nr_buffers = VIF_MAX_SLOTS;
	vif_connect(vif, "NET-3");
	for (unsigned int i = 0; i < 50; i++)
		must_pass(vif->far, "NET-3", wire_frame(vif->far, 60 + 1000 * i), NULL, 0);
}

/* Nothing but what there must be. */
static void only_what_must_be(struct front *front)
{
	static const char *const optional[] = { "feature-rx-notify", "feature-sg", "feature-gso-tcpv4",
						"feature-gso-tcpv6", "feature-no-csum-offload",
						"feature-ipv6-csum-offload" };
	struct vif *vif = vif_of(front);

	vif->has_sg = vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = vif->has_csum_ipv6 = false;
	front_begin(front);
	front_make(front);
	front_lay_out(front);
	for (unsigned int i = 0; i < NR(optional); i++)
		front_remove(front, optional[i]);
	front_switch(front, front->state);
	must_connect(front, "BUS-8", "without the nodes that a frontend need not write");
	must_pass(vif->far, "BUS-8", wire_frame(vif->far, 1514), NULL, 0);
}

/* ---- queues ---------------------------------------------------------------------------------------------------- */

static void numbers_of_queues(struct front *front)
{
	static const char *const values[] = { "0", "4294967295", "4294967297", "18446744073709551616", "-1", "abc" };
	char too_many[24];

	front_begin(front);
	snprintf(too_many, sizeof(too_many), "%llu",
		 (unsigned long long)front_backend_number(front, "multi-queue-max-queues", 1) + 1);
	refuses_with(front, "NET-51", "multi-queue-num-queues", too_many);
	for (unsigned int i = 0; i < NR(values); i++)
		refuses_with(front, "NET-51", "multi-queue-num-queues", values[i]);
	must_connect_after_all(front, "NET-51");
}

/* Windows' driver writes it, and its nodes as for one. */
static void one_queue_that_is_said(struct front *front)
{
	front_begin(front);
	front_announce_with(front, "multi-queue-num-queues", "1");
	must_connect(front, "NET-53", "with one queue, which is said");
}

const struct backend_case net_node_cases[] = {
	CASE("node-copies", "NET-2", "feature-rx-copy and feature-rx-flip", copies),
	CASE("node-offers", "BUS-11 BUS-5 BUS-21", "what is offered is offered in InitWait, in decimal digits",
	     offers_in_time),
	CASE("node-no-rx-copy", "NET-1 BUS-27", "a frontend that wants pages, not copies", no_copying),
	CASE("node-rings", "BUS-6 BUS-27", "rings and ports that are missing or cannot be", rings_that_are_none),
	CASE("node-rings-not-granted", "GNT-6 BUS-27", "either ring is not granted", rings_not_granted),
	CASE("node-options", "BUS-7 BUS-27", "optional nodes that say nothing that makes sense", options_that_are_none),
	CASE("node-no-rx-notify", "NET-3 BUS-21", "a frontend that does not write feature-rx-notify", no_rx_notify,
	     .needs = "feature-sg"),
	CASE("node-only-what-must-be", "BUS-8", "no optional node is needed", only_what_must_be),
	CASE("node-number-of-queues", "NET-51 BUS-27", "queues: none, too many, no number", numbers_of_queues),
	CASE("node-one-queue", "NET-53", "one queue, and it is said", one_queue_that_is_said),
	{ .head.name = NULL },
};
