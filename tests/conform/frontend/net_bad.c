// SPDX-License-Identifier: MIT
/* Frames that no correct backend gives: whoever believes them reads beside its buffers. */
#include "tests/conform/case.h"

#include <string.h>

/* The vif is in use, and whatever it has sent has no answer. */
static struct play_vif *begin(struct play *play, unsigned int nr_buffers)
{
	struct play_vif *vif = play_vif_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play_vif_hold_all(vif);
	if (!play_vif_await_buffers(vif, nr_buffers))
		error("it has ended before it was given anything");
	play->is_manual = true;
	return vif;
}

/* Whoever has believed it goes on when what it has sent is answered and comes back. */
static void must_have_stopped(struct play_vif *vif, const char *why)
{
	ring_idx req_prod = back_req_prod(&vif->play.back);

	play_vif_push(vif);
	play_vif_notify(vif);
	back_sleep(&vif->play.back, PLAY_SILENCE_MS / 4);
	play_vif_finish_held(vif, 0);
	must_stop_at(&vif->play, req_prod, "NET-37", why);
}

static void put_one(struct play_vif *vif, uint16_t offset, int16_t status, uint16_t flags)
{
	netif_rx_request_t buffer = play_vif_buffer(vif);

	back_put_raw(&vif->rx, &(netif_rx_response_t){ buffer.id, offset, flags, status });
}

static void give_one(struct play *play, uint16_t offset, int16_t status, uint16_t flags, const char *why)
{
	struct play_vif *vif = begin(play, 1);

	put_one(vif, offset, status, flags);
	must_have_stopped(vif, why);
}

/* ---- a slot ---------------------------------------------------------------------------------------------------- */

static void too_long(struct play *play)
{
	give_one(play, 0, BACK_PAGE_BYTES + 1, 0, "a part of 4097 octets");
}

static void longest(struct play *play)
{
	give_one(play, 0, INT16_MAX, 0, "a part of 32767 octets");
}

static void leaves_page(struct play *play)
{
	give_one(play, BACK_PAGE_BYTES - 60, 61, 0, "a part that leaves its page by an octet");
}

static void begins_beyond(struct play *play)
{
	give_one(play, UINT16_MAX, 60, 0, "a part that begins beyond its page");
}

static void other_id(struct play *play)
{
	struct play_vif *vif = begin(play, 1);
	netif_rx_request_t buffer = play_vif_buffer(vif);

	back_put_raw(&vif->rx, &(netif_rx_response_t){ buffer.id ^ 0x8055, 0, 0, 60 });
	must_have_stopped(vif, "a response with the id of no buffer");
}

/* ---- a frame --------------------------------------------------------------------------------------------------- */

#define NR_PAGES 20 /* more than 64 KiB */

static void too_large(struct play *play)
{
	struct play_vif *vif = begin(play, NR_PAGES);

	for (unsigned int i = 0; i < NR_PAGES; i++)
		put_one(vif, 0, BACK_PAGE_BYTES, i + 1 < NR_PAGES ? NETRXF_more_data : 0);
	must_have_stopped(vif, "a frame of 80 KiB");
}

/* ---- extras ---------------------------------------------------------------------------------------------------- */

static void with_extras(struct play *play, const netif_extra_info_t *extra, unsigned int nr, const char *why)
{
	struct play_vif *vif = begin(play, 1 + nr);

	put_one(vif, 0, 60, NETRXF_extra_info);
	for (unsigned int i = 0; i < nr; i++) {
		netif_extra_info_t one = *extra;

		one.flags = i + 1 < nr ? XEN_NETIF_EXTRA_FLAG_MORE : 0;
		play_vif_put_extra(vif, &one);
	}
	must_have_stopped(vif, why);
}

static void extra_of_no_type(struct play *play)
{
	with_extras(play, &(netif_extra_info_t){ .type = 0 }, 1, "an extra of type 0");
}

static void extra_of_unknown_type(struct play *play)
{
	with_extras(play, &(netif_extra_info_t){ .type = 200 }, 1, "an extra of type 200");
}

static const netif_extra_info_t gso = { .type = XEN_NETIF_EXTRA_TYPE_GSO,
					.u.gso = { .size = 1000, .type = XEN_NETIF_GSO_TYPE_TCPV4 } };

static void too_many_extras(struct play *play)
{
	with_extras(play, &gso, 40, "40 extras of one type");
}

static void gso_of_no_size(struct play *play)
{
	netif_extra_info_t extra = gso;

	extra.u.gso.size = 0;
	with_extras(play, &extra, 1, "packets that are to be cut into parts of no octets");
}

static void gso_of_no_type(struct play *play)
{
	netif_extra_info_t extra = gso;

	extra.u.gso.type = 77;
	with_extras(play, &extra, 1, "GSO of a type that there is none of");
}

const struct frontend_case front_net_bad_cases[] = {
	CASE("receive-too-long", "NET-37 BUS-10", "a part of more than a page", too_long),
	CASE("receive-longest", "NET-37 BUS-10", "a part of 32767 octets", longest),
	CASE("receive-leaves-page", "NET-37 BUS-10", "a part that leaves its page", leaves_page),
	CASE("receive-begins-beyond", "NET-37 BUS-10", "a part that begins beyond its page", begins_beyond),
	CASE("receive-other-id", "NET-37 BUS-10", "an id that is no buffer's", other_id),
	CASE("receive-too-large", "NET-37 BUS-10", "a frame of 80 KiB", too_large),
	CASE("receive-extra-0", "NET-37 BUS-10", "an extra of type 0", extra_of_no_type),
	CASE("receive-extra-200", "NET-37 BUS-10", "an extra of a type that there is none of", extra_of_unknown_type),
	CASE("receive-many-extras", "NET-37 BUS-10", "more extras than there are types", too_many_extras),
	CASE("receive-gso-no-size", "NET-37 BUS-10", "a GSO size of 0", gso_of_no_size),
	CASE("receive-gso-no-type", "NET-37 BUS-10", "a GSO type that there is none of", gso_of_no_type),
	{ .head.name = NULL },
};
