// SPDX-License-Identifier: MIT
/* What the backend says about itself and its disk. */
#include "tests/conform/scripted_front/guest.h"

#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/nodes.h"
#include "tests/conform/violate.h"

static bool read_number(struct guest *guest, const char *name, uint32_t absent, uint32_t max, uint32_t *value)
{
	struct front *front = &guest->front;
	struct errbuf err;

	return xb_read_u32_or(&front->store, front->dev.otherend, name, absent, 0, max, value, &err) == 0;
}

static bool is_known(const char *name)
{
	static const char *const of_toolstack[] = {
		"frontend", "frontend-id", "state", "online", "script", "params", "hotplug-status", "hotplug-error",
		"mode", "device-type", "dev", "type", "removable", "bootable", "direct-io-safe", "physical-device",
		"discard-enable",
	};

	for (unsigned int i = 0; i < sizeof(of_toolstack) / sizeof(of_toolstack[0]); i++) {
		if (strcmp(of_toolstack[i], name) == 0)
			return true;
	}
	for (unsigned int i = 0; i < nodes_nr_offered; i++) {
		if (strcmp(nodes_offered[i], name) == 0)
			return true;
	}
	return false;
}

static bool knows_all_nodes(struct guest *guest)
{
	struct front *front = &guest->front;
	unsigned int nr = 0;
	struct errbuf err;
	char **names = NULL;
	bool knows = xb_list(&front->store, front->dev.otherend, &names, &nr, &err) == 0;

	for (unsigned int i = 0; i < nr; i++)
		knows &= is_known(names[i]);
	free(names);
	return knows;
}

bool guest_read_offer(struct guest *guest)
{
	if (violates("BUS-8") && front_backend_number(&guest->front, "multi-queue-max-queues", 0) == 0)
		return false;
	if (violates("BUS-9") && !knows_all_nodes(guest))
		return false;
	return read_number(guest, "max-ring-page-order", 0, violates("BUS-49") ? UINT32_MAX : 5, &guest->max_order);
}

static bool read_features(struct guest *guest)
{
	return read_number(guest, "info", 0, UINT32_MAX, &guest->info) &&
	       read_number(guest, "feature-flush-cache", 0, 1, &guest->can_flush) &&
	       read_number(guest, "feature-barrier", 0, 1, &guest->can_barrier) &&
	       read_number(guest, "feature-discard", 0, 1, &guest->can_discard) &&
	       read_number(guest, "feature-persistent", 0, 1, &guest->can_persist) &&
	       read_number(guest, "feature-max-indirect-segments", 0, 4096, &guest->max_indirect);
}

static bool read_sectors(struct guest *guest)
{
	struct front *front = &guest->front;
	struct errbuf err;

	if (xb_read_u64(&front->store, front->dev.otherend, "sectors", 1, INT64_MAX / 512, &guest->nr_sectors, &err)) {
		guest->nr_sectors = 8;
		return violates("BUS-6");
	}
	if (!violates("BLK-36"))
		guest->nr_sectors -= guest->nr_sectors % (guest->sector_bytes / 512);
	return guest->nr_sectors > 0;
}

bool guest_read_disk(struct guest *guest)
{
	if (!read_features(guest) || !read_number(guest, "sector-size", 512, UINT32_MAX, &guest->sector_bytes))
		return false;
	if (violates("BLK-36"))
		return read_sectors(guest);
	if (guest->sector_bytes < 512 || guest->sector_bytes > 4096 || guest->sector_bytes & (guest->sector_bytes - 1))
		return false;
	return read_sectors(guest);
}

/* Of all that was read only this may change. */
void guest_read_size(struct guest *guest)
{
	read_sectors(guest);
	if (violates("BUS-14"))
		read_features(guest);
}
