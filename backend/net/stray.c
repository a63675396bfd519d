// SPDX-License-Identifier: MIT
#include "backend/net/stray.h"

#include <stdio.h>
#include <string.h>

#include "backend/net/link.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "xenbus/scan.h"

#define PREFIX "pvring vif "

void stray_owner(char *owner, size_t size, const struct device *dev)
{
	snprintf(owner, size, PREFIX "%u/%u", dev->xb.domid, dev->xb.devid);
}

/* Somebody may have written an alias that only looks like ours. */
static bool parse_owner(const char *owner, uint32_t *domid, uint32_t *devid)
{
	char text[LINK_MAX_OWNER], *slash;

	if (strncmp(owner, PREFIX, strlen(PREFIX)) != 0)
		return false;
	snprintf(text, sizeof(text), "%s", owner + strlen(PREFIX));
	slash = strchr(text, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return parse_u32(text, 0, UINT32_MAX, domid) == 0 && parse_u32(slash + 1, 0, UINT32_MAX, devid) == 0;
}

bool stray_is(struct device_host *host, const char *owner)
{
	uint32_t domid, devid;

	return parse_owner(owner, &domid, &devid) && !device_is_there(host, domid, devid);
}

struct search {
	struct device_host *host;
	uint32_t only_guest;
};

static void remove_if_stray(void *context, const char *name, const char *owner)
{
	const struct search *search = context;
	struct errbuf err;
	uint32_t domid, devid;

	if (!parse_owner(owner, &domid, &devid) || !stray_is(search->host, owner) ||
	    (search->only_guest != XB_ANY_GUEST && search->only_guest != domid))
		return;
	if (link_remove(name, owner, &err) == 0)
		log_info("interface %s: removed, it was left by vif %u/%u, which is no more", name, domid, devid);
	else
		log_warn("%s", err.text);
}

void stray_remove_all(struct device_host *host, uint32_t only_guest)
{
	struct search search = { host, only_guest };
	struct errbuf err;

	if (link_list_taps(remove_if_stray, &search, &err))
		log_warn("%s", err.text);
}
