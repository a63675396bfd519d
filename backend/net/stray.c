// SPDX-License-Identifier: MIT
#include "backend/net/stray.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/link.h"
#include "backend/net/state.h"
#include "backend/net/static_file.h"
#include "common/base/log.h"
#include "common/base/parse.h"
#include "xenbus/scan.h"

#define PREFIX "pvring vif "

void stray_owner(char *owner, size_t size, const struct device *dev)
{
	snprintf(owner, size, PREFIX "%u/%u", dev->xb.domid, dev->xb.devid);
}

/* Somebody may have written what only looks like ours. */
static bool parse(const char *text, const char *prefix, char separator, uint32_t *domid, uint32_t *devid)
{
	char numbers[LINK_MAX_OWNER], *second;

	if (strncmp(text, prefix, strlen(prefix)) != 0)
		return false;
	snprintf(numbers, sizeof(numbers), "%s", text + strlen(prefix));
	second = strchr(numbers, separator);
	if (!second)
		return false;
	*second++ = '\0';
	return parse_u32(numbers, 0, UINT32_MAX, domid) == 0 && parse_u32(second, 0, UINT32_MAX, devid) == 0;
}

static bool parse_owner(const char *owner, uint32_t *domid, uint32_t *devid)
{
	return parse(owner, PREFIX, '/', domid, devid);
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

static bool is_wanted(const struct search *search, uint32_t domid, uint32_t devid)
{
	return (search->only_guest == XB_ANY_GUEST || search->only_guest == domid) &&
	       !device_is_there(search->host, domid, devid);
}

/* ---- taps ------------------------------------------------------------------------------------------------------ */

static void remove_if_stray(void *context, const char *name, const char *owner)
{
	const struct search *search = context;
	struct errbuf err;
	uint32_t domid, devid;

	if (!parse_owner(owner, &domid, &devid) || !is_wanted(search, domid, devid))
		return;
	if (link_remove(name, owner, &err) == 0)
		log_info("interface %s: removed, it was left by vif %u/%u, which is no more", name, domid, devid);
	else
		log_warn("%s", err.text);
}

/* ---- journals -------------------------------------------------------------------------------------------------- */

void stray_remove_beside(const struct device_rings *rings)
{
	static const char *const endings[] = { NET_STATE_ENDING, NET_STATIC_ENDING };
	char path[256];

	for (unsigned int i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		device_rings_path_of(rings, endings[i], path);
		(void)unlink(path);
	}
}

/* Once nobody else can have them. */
static void remove_journals(const char *path)
{
	struct device_rings rings;
	struct errbuf err;

	device_rings_init(&rings);
	if (device_rings_claim(&rings, path, &err))
		return;
	stray_remove_beside(&rings);
	device_rings_remove(&rings);
	log_info("%s: removed, its device is no more", path);
}

/* The first one's of each, that has the others' name in front of theirs. */
static void remove_all_journals(const struct search *search)
{
	DIR *dir = opendir(search->host->journal_dir);
	uint32_t domid, devid;
	struct dirent *entry;
	char path[256];

	while (dir && (entry = readdir(dir))) {
		if (!parse(entry->d_name, "vif-", '-', &domid, &devid) || !is_wanted(search, domid, devid))
			continue;
		snprintf(path, sizeof(path), "%.190s/%.60s", search->host->journal_dir, entry->d_name);
		remove_journals(path);
	}
	if (dir)
		closedir(dir);
}

void stray_remove_all(struct device_host *host, uint32_t only_guest)
{
	struct search search = { host, only_guest };
	struct errbuf err;

	if (link_list_taps(remove_if_stray, &search, &err))
		log_warn("%s", err.text);
	remove_all_journals(&search);
}
