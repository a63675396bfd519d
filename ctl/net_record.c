// SPDX-License-Identifier: MIT
#include "ctl/net_record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctl/pcapng.h"

struct text {
	char *bytes;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *fmt, ...)
{
	size_t room = text->size - text->len;
	va_list args;
	int r;

	va_start(args, fmt);
	r = vsnprintf(text->bytes + text->len, room, fmt, args);
	va_end(args);
	text->len += r < (int)room ? (size_t)r : room - 1;
}

/* ---- what both directions have, by other names or bits --------------------------------------------------------- */

static bool is_from_guest(const struct net_capture_record *record)
{
	return record->direction == NET_CAPTURE_FROM_GUEST;
}

/* Those of the whole frame stand in its first slot. */
static uint16_t first_flags(const struct net_capture_record *record)
{
	if (record->nr_slots == 0)
		return 0;
	return is_from_guest(record) ? record->slots[0].request.flags : record->slots[0].response.flags;
}

static bool is_blank(const struct net_capture_record *record)
{
	return first_flags(record) & (is_from_guest(record) ? NETTXF_csum_blank : NETRXF_csum_blank);
}

static bool is_validated(const struct net_capture_record *record)
{
	return first_flags(record) & (is_from_guest(record) ? NETTXF_data_validated : NETRXF_data_validated);
}

/* ---- in words -------------------------------------------------------------------------------------------------- */

static unsigned int nr_data_slots(const struct net_capture_record *record)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < record->nr_slots; i++)
		nr += !record->slots[i].is_extra;
	return nr;
}

static void say_slots(struct text *text, const struct net_capture_record *record)
{
	unsigned int nr = nr_data_slots(record);

	if (nr > 0)
		say(text, ", %u slot%s:", nr, nr == 1 ? "" : "s");
	for (unsigned int i = 0; i < record->nr_slots; i++) {
		const struct net_capture_slot *slot = &record->slots[i];

		if (slot->is_extra)
			continue;
		if (is_from_guest(record))
			say(text, " %u@%u", slot->request.size, slot->request.offset);
		else
			say(text, " %d@%u", slot->response.status, slot->response.offset);
	}
}

static void say_gso(struct text *text, const netif_extra_info_t *extra)
{
	switch (extra->u.gso.type) {
	case XEN_NETIF_GSO_TYPE_TCPV4:
		say(text, "; gso tcpv4 %u", extra->u.gso.size);
		break;
	case XEN_NETIF_GSO_TYPE_TCPV6:
		say(text, "; gso tcpv6 %u", extra->u.gso.size);
		break;
	default:
		say(text, "; gso type %u %u", extra->u.gso.type, extra->u.gso.size);
	}
}

static void say_hash(struct text *text, const netif_extra_info_t *extra)
{
	static const char *const types[] = {
		[_XEN_NETIF_CTRL_HASH_TYPE_IPV4] = "ipv4",
		[_XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP] = "ipv4_tcp",
		[_XEN_NETIF_CTRL_HASH_TYPE_IPV6] = "ipv6",
		[_XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP] = "ipv6_tcp",
	};
	const uint8_t *value = extra->u.hash.value;

	say(text, "; hash");
	if (extra->u.hash.algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ)
		say(text, " toeplitz");
	else
		say(text, " algorithm %u", extra->u.hash.algorithm);
	if (extra->u.hash.type < sizeof(types) / sizeof(types[0]))
		say(text, " %s", types[extra->u.hash.type]);
	else
		say(text, " type %u", extra->u.hash.type);
	say(text, " %02x%02x%02x%02x", value[3], value[2], value[1], value[0]);
}

static void say_multicast(struct text *text, const char *what, const netif_extra_info_t *extra)
{
	const uint8_t *addr = extra->u.mcast.addr;

	say(text, "; multicast %s %02x:%02x:%02x:%02x:%02x:%02x", what, addr[0], addr[1], addr[2], addr[3], addr[4],
	    addr[5]);
}

static void say_extra(struct text *text, const netif_extra_info_t *extra)
{
	switch (extra->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		say_gso(text, extra);
		break;
	case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
		say_multicast(text, "add", extra);
		break;
	case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
		say_multicast(text, "del", extra);
		break;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		say_hash(text, extra);
		break;
	default:
		say(text, "; extra of type %u", extra->type);
	}
}

void net_record_describe(const struct net_capture_record *record, char *bytes, size_t size)
{
	struct text text = { bytes, size, 0 };

	say(&text, "queue %u", record->queue);
	say_slots(&text, record);
	for (unsigned int i = 0; i < record->nr_slots; i++) {
		if (record->slots[i].is_extra)
			say_extra(&text, &record->slots[i].extra);
	}
	if (is_blank(record) || is_validated(record))
		say(&text, ";%s%s", is_blank(record) ? " csum_blank" : "",
		    is_validated(record) ? " data_validated" : "");
	if (*record->dropped)
		say(&text, "; dropped: %.*s", NET_CAPTURE_REASON_BYTES, record->dropped);
}

/* ---- in a file's terms ----------------------------------------------------------------------------------------- */

uint32_t net_record_flags(const struct net_capture_record *record)
{
	uint32_t flags = is_from_guest(record) ? PCAPNG_INBOUND : PCAPNG_OUTBOUND;

	if (is_blank(record))
		flags |= PCAPNG_CHECKSUM_NOT_READY;
	else if (is_validated(record))
		flags |= PCAPNG_CHECKSUM_VALID;
	for (unsigned int i = 0; i < record->nr_slots; i++) {
		if (record->slots[i].is_extra && record->slots[i].extra.type == XEN_NETIF_EXTRA_TYPE_GSO)
			flags |= PCAPNG_TCP_SEGMENTS;
	}
	return flags;
}
