// SPDX-License-Identifier: MIT
/* xenstore: whose nodes are believed, when they are read, and what they may say. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/conform/peer/nodes.h"

/* ---- where the backend is -------------------------------------------------------------------------------------- */

struct copy {
	const struct nodes *nodes;
	const char *dir;
	uint32_t owner, reader;
};

static int make_copy(struct xb_store *store, const struct copy *copy, struct errbuf *err)
{
	int rc = xb_mkdir(store, copy->dir, err);

	if (rc == 0)
		rc = xb_set_perms(store, copy->dir, copy->owner, copy->reader, err);
	for (unsigned int i = 0; rc == 0 && i < copy->nodes->nr; i++)
		rc = xb_write(store, copy->dir, copy->nodes->node[i].name, err, "%s", copy->nodes->node[i].value);
	return rc;
}

static int make_both(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct copy *copies = arg;

	return make_copy(store, &copies[0], err) ?: make_copy(store, &copies[1], err);
}

/*
 * The frontend's directory anew, and ours inside of it: all is in order there, but no backend may be there. (Where it
 * is gone with the disk, too.) A guest has the time to forget the disk that it saw first.
 */
static void move_backend(struct play *play)
{
	struct xb_device *dev = &play->back.dev;
	struct nodes theirs, ours;
	char elsewhere[XB_DIR_MAX];
	struct copy copies[] = { { &theirs, dev->otherend, dev->domid, play->store.domid },
				 { &ours, elsewhere, dev->domid, play->store.domid } };
	struct errbuf err;

	nodes_read_from(&theirs, &play->store, dev->otherend);
	nodes_read_from(&ours, &play->store, dev->dir);
	need(xb_path(elsewhere, sizeof(elsewhere), &err, "%s/conform", dev->otherend), &err);
	need(xb_remove(&play->store, dev->otherend, &err), &err);
	usleep(PLAY_SILENCE_MS * 1000);
	for (unsigned int i = 0; i < theirs.nr; i++) {
		if (strcmp(theirs.node[i].name, "backend") == 0)
			snprintf(theirs.node[i].value, sizeof(theirs.node[i].value), "%s", elsewhere);
	}
	need(xb_transaction(&play->store, make_both, copies, &err), &err);
	snprintf(dev->dir, sizeof(dev->dir), "%s", elsewhere);
}

static void backend_is_elsewhere(struct play *play)
{
	move_backend(play);
	play_offer(play);
	play_drive(play, play->class->load);
	MUST("BUS-2", !play_await_announcement(play, 5 * PLAY_SILENCE_MS),
	     "it announces a ring to a backend whose directory is not below /local/domain/%u/backend",
	     play->store.domid);
}

static void links_change(struct play *play)
{
	struct errbuf err;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	need(xb_write(&play->store, play->back.dev.otherend, "backend", &err, "/local/domain/0/conform"), &err);
	need(xb_write(&play->store, play->back.dev.otherend, "backend-id", &err, "%u", play->back.dev.domid), &err);
	MUST("BUS-2", play_serve(play) == 0, "its workload fails with status %d after the links were changed",
	     play->status);
}

/* ---- what it writes -------------------------------------------------------------------------------------------- */

/* As if the toolstack had made a mistake: who may write there, must not. */
static void leaves_our_nodes(struct play *play)
{
	struct xb_device *dev = &play->back.dev;
	struct nodes before, after;
	const char *different;
	struct errbuf err;

	need(xb_set_perms(&play->store, dev->dir, dev->domid, dev->domid, &err), &err);
	play_offer(play);
	nodes_read_from(&before, &play->store, dev->dir);
	play_drive(play, play->class->load);
	must_announce(play, "BUS-10");
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	play_serve(play);
	nodes_read_from(&after, &play->store, dev->dir);
	different = nodes_compare(&before, &after, "state");
	MUST("BUS-3", !different, "it has written %s in the backend's directory", different);
}

/* A forced removal. */
static void leaves_what_is_removed(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	play_remove_frontend(play);
	back_switch(&play->back, XB_CLOSING);
	must_stay_removed(play, "BUS-4");
}

static void numbers_are_digits(struct play *play)
{
	static const char *const names[] = { "ring-ref", "ring-ref0", "ring-ref1", "ring-page-order", "num-ring-pages",
					     "event-channel", "feature-persistent", "multi-queue-num-queues", "state",
					     "tx-ring-ref", "rx-ring-ref", "event-channel-tx", "event-channel-rx",
					     "request-rx-copy", "feature-sg", "urb-ring-ref", "conn-ring-ref" };
	struct nodes nodes;

	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	nodes_read_from(&nodes, &play->store, play->back.dev.otherend);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = nodes_get(&nodes, names[i]);

		MUST("BUS-5", strspn(value, "0123456789") == strlen(value), "%s is '%s'", names[i], value);
	}
}

static void announces_all_at_once(struct play *play)
{
	must_do(play, "BUS-10", play->class->load);
}

/* ---- what it makes of ours ------------------------------------------------------------------------------------- */

static void offer_least(struct back *back)
{
	back_write(back, "sectors", "%llu", (unsigned long long)back->nr_sectors);
	back_switch(back, XB_INIT_WAIT);
}

static void only_what_must_be(struct play *play)
{
	struct back *back = &play->back;

	back->has_flush = back->has_barrier = back->is_persistent = false;
	back->max_order = 0;
	play_drive(play, "verify");
	back_transaction(back, offer_least);
	must_announce(play, "BUS-8");
	must_attach(play);
	back_switch(back, XB_CONNECTED);
	must_be_connected(play, "BUS-8");
	MUST("BUS-8", play_serve(play) == 0, "its workload fails with status %d without the nodes that may be absent",
	     play->status);
	must_go_down(play, "BUS-31");
}

static void unknown_nodes(struct play *play)
{
	play_write_offer(play, "feature-conform", "maybe");
	play_write_offer(play, "conform/one/two", "-1");
	play_write_offer(play, "max-conform-pages", "99999999999999999999");
	play_drive(play, "verify");
	must_come_up(play, "BUS-9");
	MUST("BUS-9", play_serve(play) == 0, "its workload fails with status %d", play->status);
	must_go_down(play, "BUS-31");
}

static void write_other_offer(struct back *back)
{
	back_write(back, "feature-flush-cache", "1");
	back_write(back, "feature-barrier", "1");
	back_write(back, "feature-discard", "1");
	back_write(back, "feature-max-indirect-segments", "64");
	back_write(back, "state", "%d", XB_CONNECTED);
}

/* Whoever read them again would use what is not served. */
static void offer_changes(struct play *play)
{
	struct blk_request request;
	struct back *back = &play->back;

	back->has_flush = back->has_barrier = false;
	play->offer_clause = "BUS-14";
	play_drive(play, "flush");
	must_come_up(play, "BUS-10");
	request = must_ask(play);
	back_transaction(back, write_other_offer);
	play_await_closed(play, PLAY_SILENCE_MS);
	play_answer(play, &request, play_carry_out(play, &request));
	MUST("BUS-14", play_serve(play) == 0, "its workload fails with status %d after the offer was changed",
	     play->status);
}

static void size_changes_under_load(struct play *play)
{
	struct blk_request request;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	request = must_ask(play);
	play_grow(play);
	play_await_closed(play, PLAY_SILENCE_MS);
	play_answer(play, &request, play_carry_out(play, &request));
	MUST("BUS-14", play_serve(play) == 0, "its workload fails with status %d after sectors was changed",
	     play->status);
}

/* Windows' driver may have been there, then another one is installed. */
static void earlier_nodes(struct play *play)
{
	static const char *const names[] = { "ring-page-order", "num-ring-pages", "multi-queue-num-queues" };
	const char *dir = play->back.dev.otherend;
	struct nodes nodes;
	struct errbuf err;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		need(xb_write(&play->store, dir, names[i], &err, "3"), &err);
	play->back.max_order = 0;
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	nodes_read_from(&nodes, &play->store, dir);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		MUST("BUS-15", strcmp(nodes_get(&nodes, names[i]), "3") != 0, "it leaves %s of an earlier connection",
		     names[i]);
}

/* mini-os and MirageOS do not wait. */
static void announces_early(struct play *play)
{
	struct back *back = &play->back;
	const char *queues;
	struct nodes nodes;

	play_drive(play, play->class->load);
	if (play_await_announcement(play, 2 * PLAY_SILENCE_MS)) {
		nodes_read_from(&nodes, &play->store, back->dev.otherend);
		MUST("BUS-23", !*nodes_get(&nodes, "ring-page-order") || *nodes_get(&nodes, "ring-page-order") == '0',
		     "it announces a ring of order %s before it has seen an offer",
		     nodes_get(&nodes, "ring-page-order"));
		queues = nodes_get(&nodes, "multi-queue-num-queues");
		MUST("BUS-23", !*queues || strcmp(queues, "1") == 0, "it announces %s queues before the offer", queues);
	}
	must_come_up(play, "BUS-10");
	MUST("BUS-23", play_serve(play) == 0, "its workload fails with status %d after a late offer", play->status);
}

const struct frontend_case front_bus_cases[] = {
	CASE("bus-backend-elsewhere", "BUS-2", "a link to where no backend may be is not followed",
	     backend_is_elsewhere),
	CASE("bus-links-changed", "BUS-2 BUS-10", "the links are read once for a connection", links_change),
	CASE("bus-leaves-nodes", "BUS-3 BUS-10", "the backend's nodes are the backend's", leaves_our_nodes),
	CASE("bus-removed", "BUS-4 BUS-10", "a directory that was removed stays removed", leaves_what_is_removed),
	CASE("bus-numbers", "BUS-5 BUS-10", "every number is written in decimal digits", numbers_are_digits),
	CASE("bus-all-at-once", "BUS-10 BUS-31", "every node is there when the ring is announced",
	     announces_all_at_once),
	CASE("bus-only-what-must-be", "BUS-8 BUS-31", "no optional node is needed", only_what_must_be,
	     .is_of_disk = true),
	CASE("bus-unknown-nodes", "BUS-9 BUS-31", "nodes that it does not know are ignored", unknown_nodes),
	CASE("bus-offer-changed", "BUS-14 BUS-10", "features are read once for a connection", offer_changes,
	     .is_of_disk = true),
	CASE("bus-size-changed", "BUS-14 BUS-10", "a disk that grows under load", size_changes_under_load,
	     .is_of_disk = true),
	CASE("bus-earlier-nodes", "BUS-15 BUS-10", "what an earlier connection left is removed", earlier_nodes,
	     .is_of_disk = true),
	CASE("bus-late-offer", "BUS-23 BUS-10", "the backend needs a while for its offer", announces_early),
	{ .head.name = NULL },
};
