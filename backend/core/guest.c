// SPDX-License-Identifier: MIT
#include "backend/core/guest.h"

#include <stdlib.h>

struct guest *guest_get(struct guest_list *guests, uint32_t domid)
{
	struct guest *guest;

	LIST_FOREACH(guest, guests, entry) {
		if (guest->domid == domid)
			break;
	}
	if (!guest) {
		guest = calloc(1, sizeof(*guest));
		if (!guest)
			return NULL;
		guest->domid = domid;
		persistent_budget_init(&guest->persistent);
		LIST_INSERT_HEAD(guests, guest, entry);
	}
	guest->nr_devices++;
	return guest;
}

void guest_put(struct guest *guest)
{
	if (!guest || --guest->nr_devices)
		return;
	LIST_REMOVE(guest, entry);
	free(guest);
}
