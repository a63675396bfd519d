// SPDX-License-Identifier: MIT
#include "backend/net/multicast.h"

#include <string.h>

/* Its index; nr: it is not there. */
static uint32_t find(const struct net_multicast *multicast, const uint8_t address[6])
{
	uint32_t i = 0;

	while (i < multicast->nr && memcmp(multicast->address[i], address, 6) != 0)
		i++;
	return i;
}

bool net_multicast_add(struct net_multicast *multicast, const uint8_t address[6])
{
	if (multicast->nr == NET_MAX_MULTICAST)
		return false;
	memcpy(multicast->address[multicast->nr++], address, 6);
	return true;
}

void net_multicast_del(struct net_multicast *multicast, const uint8_t address[6])
{
	uint32_t i = find(multicast, address);

	if (i == multicast->nr)
		return;
	multicast->nr--;
	memcpy(multicast->address[i], multicast->address[multicast->nr], 6);
}

static bool is_group(const uint8_t address[6])
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	return (address[0] & 1) && memcmp(address, broadcast, 6) != 0;
}

bool net_multicast_wants(const struct net_multicast *multicast, const uint8_t address[6])
{
	return !is_group(address) || find(multicast, address) < multicast->nr;
}
