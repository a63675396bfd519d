// SPDX-License-Identifier: MIT
/* --generate and --receive: frames of one stream sent, those of another checked. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "frontend/user/netload/netload.h"
#include "frontend/user/netload/traffic.h"

#define BATCH	64
#define TICK_MS 250

struct exchange {
	struct traffic traffic;
	uint64_t random;
	uint64_t begun_ns, last_progress_ns, progress;
	/* Sending. The frame that is next is made only once, also if there is no room for it. */
	uint32_t nr_made;
	uint32_t position; /* behind the frame that is next */
	bool has_pending;
	struct net_outgoing pending;
	uint8_t frame[NET_MAX_SENT_BYTES];
	struct net_piece pieces[NET_TX_MAX_PIECES];
	unsigned int nr_pieces; /* 0: by the page */
	/* Receiving. */
	uint32_t next_position;
	bool has_seen_last;
};

void netload_exchange_received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes,
			       const struct net_meta *meta)
{
	struct netload *nl = arg;
	struct exchange *ex = nl->job;
	struct netload_totals *totals = &nl->totals;
	struct traffic_part part;

	switch (traffic_check(nl->config->seed, bytes, len_bytes, meta, &part)) {
	case TRAFFIC_OTHER:
		totals->other_frames++;
		return;
	case TRAFFIC_WRONG_BYTES:
		totals->wrong_bytes++;
		return;
	case TRAFFIC_WRONG_CHECKSUM:
		totals->wrong_checksums++;
		return;
	case TRAFFIC_GOOD:
		break;
	}
	totals->good_frames++;
	totals->good_payload += part.nr_bytes;
	totals->out_of_order += part.position != ex->next_position;
	ex->next_position = part.position + part.nr_bytes;
	if (part.is_last) {
		ex->has_seen_last = true;
		totals->missing_payload = (int32_t)(ex->next_position - (uint32_t)totals->good_payload);
	}
}

/* Into as many pieces as a frame may have, of at least a byte each, anywhere in their pages. */
static void cut_anywhere(struct exchange *ex, uint32_t len)
{
	uint32_t least = (len + GRANT_PAGE_BYTES - 1) / GRANT_PAGE_BYTES, left = len, size, most;
	unsigned int nr = least + random_below(&ex->random, NET_TX_MAX_PIECES - least + 1);

	for (unsigned int i = 0; i < nr; i++) {
		uint32_t others = nr - 1 - i; /* pieces still to come: from a byte to a page each */
		uint32_t min = left > others * GRANT_PAGE_BYTES ? left - others * GRANT_PAGE_BYTES : 1;

		most = left - others < GRANT_PAGE_BYTES ? left - others : GRANT_PAGE_BYTES;
		size = others ? min + random_below(&ex->random, most - min + 1) : left;
		ex->pieces[i].size_bytes = size;
		ex->pieces[i].offset = random_below(&ex->random, GRANT_PAGE_BYTES - size + 1);
		left -= size;
	}
	ex->nr_pieces = nr;
}

static void make_next(struct netload *nl)
{
	const struct netload_config *config = nl->config;
	struct exchange *ex = nl->job;
	uint32_t len, nr;

	len = config->min_bytes + random_below(&ex->random, config->max_bytes - config->min_bytes + 1);
	ex->nr_made++;
	ex->pending = (struct net_outgoing){ .bytes = ex->frame, .len_bytes = len };
	nr = traffic_make(&ex->traffic, ex->position, ex->nr_made == config->nr_frames, ex->frame, len,
			  &ex->pending.meta);
	ex->position += nr;
	nl->totals.sent_payload += nr;
	if (config->cuts_anywhere)
		cut_anywhere(ex, len);
	ex->has_pending = true;
}

/* Has its time come? */
static bool is_due(const struct netload *nl)
{
	const struct exchange *ex = nl->job;
	uint64_t elapsed_ns = clock_now_ns() - ex->begun_ns;

	return !nl->config->frames_per_s || (unsigned __int128)elapsed_ns * nl->config->frames_per_s >=
						    (unsigned __int128)ex->nr_made * NSEC_PER_SEC;
}

/* How many frames went to the ring. -errno: one never will. */
static int send_some(struct netload *nl)
{
	struct exchange *ex = nl->job;
	int rc, nr = 0;

	while (nr < BATCH) {
		if (!ex->has_pending && (ex->nr_made == nl->config->nr_frames || !is_due(nl)))
			break;
		if (!ex->has_pending)
			make_next(nl);
		rc = netfront_send(nl->front, 0, &ex->pending, ex->nr_pieces ? ex->pieces : NULL, ex->nr_pieces);
		if (rc == -EAGAIN)
			break;
		if (rc)
			return rc;
		ex->has_pending = false;
		nr++;
	}
	netfront_push(nl->front);
	return nr;
}

static bool is_done(const struct netload *nl)
{
	const struct exchange *ex = nl->job;
	bool has_sent = ex->nr_made == nl->config->nr_frames && !ex->has_pending && netfront_nr_out(nl->front) == 0;

	return has_sent && (!nl->config->receives || ex->has_seen_last);
}

/* Until something happens, or a frame is due. */
static void wait_more(struct netload *nl)
{
	const struct exchange *ex = nl->job;
	uint32_t rate = nl->config->frames_per_s;
	int timeout_ms = TICK_MS;

	if (rate && ex->nr_made < nl->config->nr_frames)
		timeout_ms = rate > 1000 ? 1 : (int)(1000 / rate < TICK_MS ? 1000 / rate : TICK_MS);
	(void)netfront_wait(nl->front, timeout_ms); /* what is wrong is seen by who polls next */
}

/* Frames of others are none: there may be some at any time. */
static void note_progress(struct netload *nl)
{
	struct netfront_counters counters = netfront_counters(nl->front);
	struct exchange *ex = nl->job;
	uint64_t progress = counters.tx_frames + counters.tx_errors + counters.tx_dropped + nl->totals.good_frames;

	if (progress != ex->progress)
		ex->last_progress_ns = clock_now_ns();
	ex->progress = progress;
}

static bool run(struct netload *nl)
{
	struct exchange *ex = nl->job;
	uint64_t limit_ns = nl->config->io_timeout_s * NSEC_PER_SEC;
	int nr_sent, nr_polled;

	while (!netload_stop && !is_done(nl)) {
		nr_sent = send_some(nl);
		if (nr_sent < 0 && netload_goes_on(nl))
			netload_error("a frame of %u bytes: the backend does not take it: %s", ex->pending.len_bytes,
				      strerror(-nr_sent));
		if (nr_sent < 0)
			return false;
		nr_polled = netfront_poll(nl->front, BATCH);
		if (!netload_goes_on(nl))
			return false;
		note_progress(nl);
		if (nr_sent + nr_polled > 0)
			continue;
		if (clock_now_ns() - ex->last_progress_ns > limit_ns) {
			netload_error("nothing happened for %u s: %u frames are without an answer%s",
				      nl->config->io_timeout_s, netfront_nr_out(nl->front),
				      nl->config->receives && !ex->has_seen_last ? ", the last one has not come" : "");
			return false;
		}
		wait_more(nl);
	}
	return true;
}

static bool is_all_well(const struct netload *nl)
{
	const struct exchange *ex = nl->job;
	struct netfront_counters counters = netfront_counters(nl->front);
	const struct netload_totals *totals = &nl->totals;

	return counters.tx_errors + counters.tx_dropped + counters.rx_errors + totals->wrong_bytes +
			       totals->wrong_checksums ==
		       0 &&
	       totals->missing_payload == 0 && (!nl->config->receives || ex->has_seen_last);
}

int netload_exchange(struct netload *nl)
{
	const struct netload_config *config = nl->config;
	const struct net_identity *identity = netfront_identity(nl->front);
	struct exchange *ex = calloc(1, sizeof(*ex));
	int exit_code;

	if (!ex) {
		netload_error("out of memory");
		return EXIT_USAGE;
	}
	nl->job = ex;
	ex->random = config->seed;
	ex->traffic = (struct traffic){
		.seed = config->seed,
		.is_ipv6 = config->is_ipv6,
		.is_blank = config->is_blank,
		.gso_size = config->gso_size,
		.from = { 2, 0, 0, 0, 0, 1 },
	};
	memcpy(ex->traffic.to, config->to, sizeof(config->to));
	if (identity->has_mac)
		memcpy(ex->traffic.from, identity->mac, sizeof(identity->mac));
	printf("connected\n");
	fflush(stdout);
	ex->begun_ns = ex->last_progress_ns = clock_now_ns();
	exit_code = run(nl) && is_all_well(nl) ? EXIT_OK : EXIT_IO;
	nl->job = NULL;
	free(ex);
	return exit_code;
}
