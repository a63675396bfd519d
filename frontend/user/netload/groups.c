// SPDX-License-Identifier: MIT
/* --groups: what the backend is told before anything else. */
#include <errno.h>
#include <string.h>

#include "frontend/user/netload/netload.h"
#include "frontend/user/netload/options.h"

bool netload_change_groups(struct netload *nl)
{
	const char *list = nl->config->groups;
	uint8_t address[6];
	bool is_added;
	int rc = 0;

	while (rc == 0 && *list) {
		(void)netload_next_group(&list, &is_added, address);
		rc = netfront_change_group(nl->front, is_added, address);
	}
	netfront_push(nl->front);
	if (rc)
		netload_error("--groups: %s", rc == -EAGAIN ? "more than the ring has room for" : strerror(-rc));
	return rc == 0;
}
