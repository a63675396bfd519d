// SPDX-License-Identifier: MIT
/* xenstore: whose nodes are believed, when they are read, and what they may say. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/nodes.h"
#include "tests/conform/peer/toolstack.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define NR_UNKNOWN 400
#define NR_FIRST   1000   /* writes, for it to have what memory it needs for them */
#define NR_FLOOD   100000 /* or what there is time for */
#define FLOOD_MS   2000
#define FLAT_KIB   1024

/* XSA-175: the guest may write these, and once had them believed. */
static void own_links_changed(struct front *front)
{
	front_connect(front, "BUS-1");
	front_write(front, "backend", "/local/domain/%u/backend/vbd/0/51712", front->store.domid);
	front_write(front, "backend-id", "%u", front->store.domid);
	front_write(front, "frontend", "/local/domain/0/device/vbd/51712");
	front_write(front, "frontend-id", "0");
	must_go_on(front, "BUS-1");
	must_start_over(front, "BUS-1");
}

static void backend_links_changed(struct front *front)
{
	front_connect(front, "BUS-1");
	toolstack_write(front, "frontend", "/local/domain/0/device/vbd/51712");
	toolstack_write(front, "frontend-id", "0");
	must_go_on(front, "BUS-1");
	must_start_over(front, "BUS-1");
}

/* XSA-175 from the other side: a link out of the frontend's domain, to where all is in order. */
static void link_leads_elsewhere(struct front *front)
{
	char elsewhere[64];

	front_begin(front);
	snprintf(elsewhere, sizeof(elsewhere), "/local/domain/%u/conform-device", front->dev.domid);
	must_forget(front, "BUS-34");
	front_make(front);
	front_publish(front);
	toolstack_mirror(front, elsewhere);
	toolstack_create(front, "frontend", elsewhere);
	toolstack_write(front, "hotplug-status", "connected");
	must_not_connect(front, "BUS-1", "a frontend's directory outside of the frontend's domain");
	toolstack_remove(front); /* nobody serves it, so nobody closes it */
}

static void leaves_our_nodes(struct front *front)
{
	struct nodes before, after;
	const char *different;

	front_begin(front);
	front_make(front);
	front_lay_out(front);
	nodes_read(&before, front, front->dev.dir);
	front_announce(front, "BUS-21");
	must_go_on(front, "BUS-21");
	nodes_read(&after, front, front->dev.dir);
	different = nodes_compare(&before, &after, "state");
	MUST("BUS-3", !different, "it has written, or removed, %s in the frontend's directory", different);
	MUST("BUS-3", strcmp(nodes_get(&after, "state"), "4") == 0, "it has written %s into the frontend's state",
	     nodes_get(&after, "state"));
}

static void leaves_our_directory(struct front *front)
{
	front_connect(front, "BUS-21");
	front_switch(front, XB_CLOSED);
	toolstack_close(front);
	MUST("BUS-34", front_await_refusal(front, FRONT_PATIENCE_MS), "it is %s, not Closed",
	     front_backend_state_name(front));
	front_await_backend(front, XB_UNKNOWN, FRONT_SILENCE_MS);
	MUST("BUS-3", front_has(front, "backend") && front_has(front, "state"),
	     "it has removed the frontend's directory");
}

static void check_number(struct front *front, const char *name)
{
	char path[XB_PATH_MAX];
	unsigned int len;
	struct errbuf err;
	char *value;

	if (xb_path(path, sizeof(path), &err, "%s/%s", front->dev.otherend, name))
		error("%s", err.text);
	value = xs_read(front->store.xs, XBT_NULL, path, &len);
	MUST("BUS-5", !value || (len > 0 && strspn(value, "0123456789") == len), "%s is '%.40s', of %u octets", name,
	     value ?: "", len);
	free(value);
}

static void numbers_are_digits(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < nodes_nr_offered; i++)
		check_number(front, nodes_offered[i]);
	check_number(front, "state");
	MUST("BUS-5", front_backend_number(front, "sectors", 0) == DISK_SECTORS,
	     "sectors cannot be read as %u in decimal digits", DISK_SECTORS);
}

/* mini-os, old ones: nothing but what there must be. */
static void optional_nodes_missing(struct front *front)
{
	front_begin(front);
	front_announce_without(front, "feature-persistent");
	must_connect(front, "BUS-8", "without a node that a frontend need not write");
}

/* Windows' xenvbd writes features of its own; some nodes are left from another driver. */
static void unknown_nodes(struct front *front)
{
	front_begin(front);
	front_make(front);
	front_lay_out(front);
	front_write(front, "feature-online-resize", "1");
	front_write(front, "feature-conform", "maybe");
	front_write(front, "conform/one/two", "-1");
	front_write(front, "queue-0/ring-ref", "0");
	front_write(front, "ring-ref7", "abc");
	front_switch(front, front->state);
	must_connect(front, "BUS-9", "because of a node that it need not know");
}

static bool write_unknown(struct front *front, unsigned int i)
{
	char path[XB_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%03x", front->dev.dir, i);
	return xs_write(front->store.xs, XBT_NULL, path, "1", 1);
}

/* As many as xenstored lets us have in one directory. */
static void many_unknown_nodes(struct front *front)
{
	unsigned int nr = 0;

	front_begin(front);
	front_make(front);
	front_lay_out(front);
	while (nr < NR_UNKNOWN && write_unknown(front, nr))
		nr++;
	front_switch(front, front->state);
	must_connect(front, "BUS-9", "because of many nodes that it need not know");
}

/* What is added to the offer later, the frontend has not read. */
static void offers_in_time(struct front *front)
{
	static const char *const before[] = { "max-ring-page-order", "max-ring-pages", "multi-queue-max-queues" };
	struct nodes offered, connected, later;
	const char *different;

	front_begin(front);
	nodes_read(&offered, front, front->dev.otherend);
	front_make(front);
	front_announce(front, "BUS-21");
	nodes_read(&connected, front, front->dev.otherend);
	for (unsigned int i = 0; i < NR(before); i++)
		MUST("BUS-11", strcmp(nodes_get(&offered, before[i]), nodes_get(&connected, before[i])) == 0,
		     "%s was '%s' in InitWait and is '%s' in Connected", before[i], nodes_get(&offered, before[i]),
		     nodes_get(&connected, before[i]));
	front_await_refusal(front, 4 * FRONT_SILENCE_MS);
	nodes_read(&later, front, front->dev.otherend);
	different = nodes_compare(&connected, &later, "state");
	MUST("BUS-11", !different, "it has written %s after it was Connected", different);
	MUST("BUS-11", *nodes_get(&connected, "sectors") && *nodes_get(&connected, "sector-size"),
	     "sectors or sector-size was missing when it was Connected");
}

/* What was checked cannot be changed. */
static void nodes_changed_later(struct front *front)
{
	static const char *const names[] = { "ring-ref", "ring-ref0", "event-channel", "ring-page-order", "protocol",
					     "multi-queue-num-queues", "feature-persistent", "device-type",
					     "tx-ring-ref", "rx-ring-ref", "request-rx-copy", "feature-sg" };

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR(names); i++)
		front_write(front, names[i], "9");
	front_write(front, "state", "%d", XB_CONNECTED); /* a watch fires */
	front_write(front, "state", "%d", XB_INITIALISED);
	front_write(front, "state", "%d", XB_CONNECTED);
	MUST("BUS-13", !front_await_refusal(front, FRONT_SILENCE_MS),
	     "it is %s after the nodes that it had read were changed", front_backend_state_name(front));
	must_go_on(front, "BUS-13");
}

/* XSA-349. A backend that works for each event has not come to the end of them by then. */
static void watch_flood(struct front *front)
{
	uint64_t deadline_ns;

	front_connect(front, "BUS-21");
	deadline_ns = clock_in_ms(NODES_FLOOD_MS);
	for (unsigned int i = 0; i < NODES_FLOOD && clock_now_ns() < deadline_ns; i++)
		front_write(front, "state", "%d", XB_CONNECTED);
	must_go_on(front, "BUS-16");
	must_start_over(front, "BUS-16");
}

/* The same, and what it takes of memory: whoever keeps the events keeps megabytes of them by then. */
static void watch_flood_in_memory(struct front *front)
{
	unsigned int before_kib, after_kib, nr = 0;
	uint64_t end_ns;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_FIRST; i++)
		front_write(front, "state", "%d", XB_CONNECTED);
	must_go_on(front, "BUS-16");
	before_kib = toolstack_backend_rss_kib(front);
	for (end_ns = clock_in_ms(FLOOD_MS); nr < NR_FLOOD && clock_now_ns() < end_ns; nr++)
		front_write(front, "state", "%d", XB_CONNECTED);
	after_kib = toolstack_backend_rss_kib(front);
	MUST("BUS-16", after_kib < before_kib + FLAT_KIB, "it takes %u KiB more after %u writes of a state",
	     after_kib - before_kib, nr);
	must_go_on(front, "BUS-16");
	must_start_over(front, "BUS-16");
}

/* The same with what else it might watch, and while it waits. */
static void watch_flood_in_init_wait(struct front *front)
{
	uint64_t deadline_ns = clock_in_ms(NODES_FLOOD_MS);

	front_begin(front);
	for (unsigned int i = 0; i < NODES_FLOOD / 4 && clock_now_ns() < deadline_ns; i++) {
		front_write(front, "state", "%d", XB_INITIALISING);
		front_write(front, "feature-persistent", "%u", i);
	}
	front_make(front);
	front_announce(front, "BUS-16");
	must_go_on(front, "BUS-16");
	must_close(front, "BUS-16");
}

static void says_why(struct front *front)
{
	const char *text, *below;
	char path[XB_PATH_MAX];
	char *end;

	front_begin(front);
	below = strstr(front->dev.otherend, "/backend/");
	snprintf(path, sizeof(path), "/local/domain/%u/error%s/error", front->dev.domid, below);
	front_announce_without(front, front->class->port_node);
	must_refuse(front, "BUS-6", "no port");
	text = toolstack_read(front, path);
	MUST("BUS-17", strtoul(text, &end, 10) > 0 && end > text && *end == ' ' && end[1],
	     "%s is '%s', not an errno and a text", path, text);
}

const struct backend_case bus_cases[] = {
	CASE("bus-own-links-changed", "BUS-1", "links in the frontend's directory mean nothing to a backend",
	     own_links_changed),
	CASE("bus-links-changed", "BUS-1", "the links are read once, when the device appears", backend_links_changed,
	     .asks_toolstack = true),
	CASE("bus-link-elsewhere", "BUS-1 BUS-34", "a link out of the frontend's domain is not followed",
	     link_leads_elsewhere, .asks_toolstack = true),
	CASE("bus-leaves-nodes", "BUS-3 BUS-21", "the frontend's nodes are the frontend's", leaves_our_nodes),
	CASE("bus-leaves-directory", "BUS-3 BUS-21 BUS-34", "the frontend's directory stays when the disk is detached",
	     leaves_our_directory, .asks_toolstack = true),
	CASE("bus-numbers", "BUS-5 BUS-21", "every number is written in decimal digits", numbers_are_digits,
	     .is_of_disk = true),
	CASE("bus-only-what-must-be", "BUS-8", "no optional node is needed", optional_nodes_missing,
	     .is_of_disk = true),
	CASE("bus-unknown-nodes", "BUS-9", "nodes that it does not know are ignored", unknown_nodes),
	CASE("bus-many-unknown-nodes", "BUS-9", "400 of them", many_unknown_nodes),
	CASE("bus-offers-in-time", "BUS-11 BUS-21", "every node is there before the state that goes with it",
	     offers_in_time, .is_of_disk = true),
	CASE("bus-nodes-changed", "BUS-13 BUS-21", "nodes are read once for a connection", nodes_changed_later),
	CASE("bus-flood", "BUS-16 BUS-21", "a state that is written without end", watch_flood),
	CASE("bus-flood-memory", "BUS-16 BUS-21", "it takes no memory", watch_flood_in_memory, .asks_toolstack = true),
	CASE("bus-flood-in-init-wait", "BUS-16", "the same before the ring is announced", watch_flood_in_init_wait),
	CASE("bus-says-why", "BUS-17 BUS-6", "the error node says why a connection failed", says_why,
	     .asks_toolstack = true),
	{ .head.name = NULL },
};
