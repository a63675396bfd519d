// SPDX-License-Identifier: MIT
/* What a guest receives: a frame in as many of its buffers as that needs, with no more than it takes. */
#include "tests/conform/scripted_net/hub.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/violate.h"

#define A_WHILE_US   20000
#define STRAY_OFFSET 4090
#define FLOW_BEGINS  26 /* where IPv4 has its addresses, and TCP and UDP their ports */
#define FLOW_ENDS    38

/* ---- slots ----------------------------------------------------------------------------------------------------- */

/* A buffer that was taken, and its answer. */
struct part {
	netif_rx_request_t request;
	netif_rx_response_t response;
};

/* How many there are, at most three. */
static unsigned int make_extras(const struct hub_vif *vif, const struct frame *frame, netif_extra_info_t extras[3])
{
	unsigned int nr = 0;
	uint32_t hash;

	if (frame->gso_type)
		extras[nr++] = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
						     .u.gso = { .size = frame->gso_size, .type = frame->gso_type } };
	if (vif->headroom)
		extras[nr++] = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_XDP, .u.gso.size = vif->headroom };
	if (hub_hash(vif, frame, &hash)) {
		extras[nr] = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_HASH,
						   .u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ };
		extras[nr].u.hash.type = (frame_ip_version(frame) == 6) * 2 + frame_is_tcp(frame);
		memcpy(extras[nr++].u.hash.value, &hash, sizeof(hash));
	}
	for (unsigned int i = 0; i + 1 < nr; i++)
		extras[i].flags = XEN_NETIF_EXTRA_FLAG_MORE;
	return nr;
}

static unsigned int nr_extras(const struct hub_vif *vif, const struct frame *frame)
{
	netif_extra_info_t unused[3];

	return make_extras(vif, frame, unused);
}

static uint16_t first_flags(const struct hub_vif *vif, const struct frame *frame)
{
	return (frame->is_csum_blank ? NETRXF_csum_blank : 0) |
	       (frame->is_csum_blank || frame->is_data_validated ? NETRXF_data_validated : 0) |
	       (nr_extras(vif, frame) ? NETRXF_extra_info : 0);
}

static void put(struct hub_queue *queue, const void *slot)
{
	back_put_raw(&queue->rx, slot);
	if (!violates("NET-30"))
		return;
	back_set_rsp_prod(&queue->rx, queue->rx.rsp_prod);
	usleep(A_WHILE_US);
}

/* Of a page, what there is for data. */
static uint32_t room(const struct hub_vif *vif)
{
	return BACK_PAGE_BYTES - vif->headroom;
}

static bool fill(struct hub_vif *vif, struct back *ring, const struct frame *frame, uint32_t at, uint32_t len,
		 const struct part *part)
{
	static uint8_t page[BACK_PAGE_BYTES] = { [0 ... BACK_PAGE_BYTES - 1] = 0x5b };

	memcpy(page, frame->bytes + at, len);
	return hub_write_page(vif, ring, part->request.gref, vif->headroom, violates("NET-29") ? room(vif) : len, page);
}

static void put_data(struct hub_vif *vif, struct hub_queue *queue, const struct frame *frame, uint32_t at)
{
	uint32_t len = frame->len - at < room(vif) ? frame->len - at : room(vif);
	struct part part;

	back_take_raw(&queue->rx, &part.request);
	part.response = (netif_rx_response_t){ .id = part.request.id, .offset = vif->headroom, .status = len };
	if (!fill(vif, &queue->rx, frame, at, len, &part) && !violates("NET-32"))
		part.response.status = NETIF_RSP_ERROR;
	if (violates("NET-27"))
		part.response.id++;
	if (violates("NET-29.offset"))
		part.response.offset = STRAY_OFFSET;
	if (at + len < frame->len && !(violates("NET-28") && at == 0))
		part.response.flags = NETRXF_more_data;
	if (at == 0)
		part.response.flags |= first_flags(vif, frame);
	put(queue, &part.response);
}

static void put_extra(struct hub_queue *queue, const netif_extra_info_t *extra)
{
	netif_rx_request_t unused;

	back_take_raw(&queue->rx, &unused);
	put(queue, extra);
}

static void put_extras(const struct hub_vif *vif, struct hub_queue *queue, const struct frame *frame)
{
	netif_extra_info_t extras[3];
	unsigned int nr = make_extras(vif, frame, extras);

	for (unsigned int i = 0; i < nr; i++)
		put_extra(queue, &extras[i]);
}

static unsigned int slots_needed(const struct hub_vif *vif, const struct frame *frame)
{
	return (frame->len + room(vif) - 1) / room(vif) + nr_extras(vif, frame);
}

static void push(struct hub_queue *queue)
{
	struct back *rx = &queue->rx;

	if (!queue->has_two_ports || violates("NET-48"))
		rx->port = queue->tx.port;
	back_push(rx);
	if (!queue->has_two_ports)
		rx->port = -1; /* it is the other ring's */
}

/* nr_slots may be less than it needs. */
static void put_frame(struct hub_vif *vif, struct hub_queue *queue, const struct frame *frame, unsigned int nr_slots)
{
	ring_idx end = queue->rx.req_cons + nr_slots;

	for (uint32_t at = 0; at < frame->len && queue->rx.req_cons != end; at += room(vif)) {
		put_data(vif, queue, frame, at);
		if (at == 0)
			put_extras(vif, queue, frame);
	}
	push(queue);
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

/* What is impossible is looked at by hub_serve_receiver(). */
static bool has_buffers(struct hub_queue *queue, unsigned int nr)
{
	ring_idx there = back_nr_requests(&queue->rx);

	return there >= nr && there <= back_max_requests(&queue->rx);
}

static struct hub_waiting *waiting(struct hub_vif *vif, unsigned int i)
{
	return &vif->waiting[(vif->first_waiting + i) % HUB_MAX_WAITING];
}

/* Those that wait were there before it. */
static void wait_for_buffers(struct hub_vif *vif, const struct frame *frame)
{
	struct hub_waiting *last = waiting(vif, vif->nr_waiting);

	if (violates("NET-34"))
		memset(malloc(frame->len), 1, frame->len);
	if (vif->nr_waiting == HUB_MAX_WAITING)
		return;
	last->frame = *frame;
	last->since_ns = clock_now_ns();
	vif->nr_waiting++;
}

/* What a flow has in its headers, and no two flows alike, roughly: the octets behind the IP header's first ones. */
static struct hub_queue *choose_queue(struct hub_vif *vif, const struct frame *frame)
{
	unsigned int sum = 0;
	uint32_t hash;

	if (hub_hash(vif, frame, &hash) && vif->nr_entries && !violates("NET-64"))
		return &vif->queues[vif->mapping[hash % vif->nr_entries]];
	for (unsigned int i = FLOW_BEGINS; i < FLOW_ENDS && i < frame->len; i++)
		sum += frame->bytes[i];
	return &vif->queues[violates("NET-55") ? vif->nr_given++ % vif->nr_queues : sum % vif->nr_queues];
}

static bool give_as_it_is(struct hub_vif *vif, const struct frame *frame)
{
	struct hub_queue *queue = choose_queue(vif, frame);
	unsigned int nr = slots_needed(vif, frame);

	if (has_buffers(queue, nr)) {
		put_frame(vif, queue, frame, nr);
		return true;
	}
	if (!violates("NET-33") || !has_buffers(queue, 1))
		return false;
	put_frame(vif, queue, frame, back_nr_requests(&queue->rx));
	return true;
}

static void forget_oldest(struct hub_vif *vif)
{
	vif->first_waiting++;
	vif->nr_waiting--;
}

static bool is_too_old(const struct hub_waiting *oldest)
{
	return clock_now_ns() - oldest->since_ns > HUB_PATIENCE_MS * 1000000ULL && !violates("NET-35");
}

/* An index that makes more of them than there can be, or less, would not be asked for an event again. */
bool hub_serve_receiver(struct hub_vif *vif)
{
	for (unsigned int i = 0; i < vif->nr_queues; i++) {
		if (back_nr_requests(&vif->queues[i].rx) > back_max_requests(&vif->queues[i].rx))
			return false;
	}
	while (vif->nr_waiting > 0) {
		if (!is_too_old(waiting(vif, 0)) && !give_as_it_is(vif, &waiting(vif, 0)->frame))
			break;
		forget_oldest(vif);
	}
	return true;
}

/* ---- what it takes --------------------------------------------------------------------------------------------- */

static void give_or_wait(struct hub_vif *vif, const struct frame *frame)
{
	bool fits = frame->len <= room(vif) || vif->has_sg || violates("NET-31") ||
		    (frame->gso_type && violates("NET-45"));

	if (fits && (vif->nr_waiting > 0 || !give_as_it_is(vif, frame)))
		wait_for_buffers(vif, frame);
}

static void give_packet(struct hub_vif *vif, const struct frame *frame)
{
	static struct frame finished;

	finished = *frame;
	if (violates("NET-38"))
		finished.is_csum_blank = false;
	else if (!vif->has_csum[frame_ip_version(frame)] && !violates("NET-39"))
		frame_finish(&finished);
	give_or_wait(vif, &finished);
}

static void give_in_parts(struct hub_vif *vif, const struct frame *large)
{
	uint32_t all = frame_payload_bytes(large), most = violates("NET-41") ? 2 * large->gso_size : large->gso_size;
	static struct frame packet;

	for (uint32_t done = 0; done < all; done += most) {
		frame_cut(large, done, most, &packet);
		give_packet(vif, &packet);
	}
}

void hub_give(struct hub_vif *vif, const struct frame *frame)
{
	bool takes_large = vif->has_sg && vif->has_gso[frame->gso_type] && vif->has_csum[frame_ip_version(frame)];

	if (!frame->gso_type)
		give_packet(vif, frame);
	else if (takes_large || violates("NET-45"))
		give_or_wait(vif, frame);
	else
		give_in_parts(vif, frame);
}
