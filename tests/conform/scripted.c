// SPDX-License-Identifier: MIT
#include "tests/conform/scripted.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/conform/scripted/disk.h"
#include "tests/conform/scripted_devices.h"
#include "tests/conform/scripted_options.h"
#include "tests/conform/verdict.h"
#include "xenbus/scan.h"


/* ---- options --------------------------------------------------------------------------------------------------- */

static int set_sector_size(void *config, const char *value, struct errbuf *err)
{
	struct scripted_options *options = config;
	int rc = option_u32("number of octets", value, 512, 4096, &options->sector_bytes, err);

	if (rc == 0 && (options->sector_bytes & (options->sector_bytes - 1)))
		rc = errbuf_set(err, -EINVAL, "%s is no power of two", value);
	return rc;
}

static const struct option_row rows[] = {
	SCRIPTED_ROW_DOMID,
	{ "sector-size", "N", "of the disks: 512 (default) to 4096", set_sector_size },
	SCRIPTED_ROW_VIOLATE,
	SCRIPTED_ROW_LIST,
};

static const struct options_spec spec = {
	.program = "pvring-conform scripted backend",
	.synopsis = "[OPTION...]",
	.summary = "Serves the disks of a guest, one after the other, as docs/protocol.md says.",
	.rows = rows,
	.nr_rows = sizeof(rows) / sizeof(rows[0]),
};

/* ---- its disks ------------------------------------------------------------------------------------------------- */

/*
 * One process serves one disk after the other, and a second one what is there beside it. Which each has in hand the
 * other sees; 0: none.
 */
static struct in_hand {
	_Atomic uint32_t first, second;
} *in_hand;
static bool is_second;

static _Atomic uint32_t *own(void)
{
	return is_second ? &in_hand->second : &in_hand->first;
}

static bool may_take(uint32_t devid)
{
	return is_second ? in_hand->first && in_hand->first != devid : in_hand->second != devid;
}

/* Not one that was closed for good, and will be removed. */
static bool is_to_be_served(struct back *back)
{
	enum xb_state ours = back_own_state(back);

	return ours != XB_UNKNOWN && (ours != XB_CLOSED || xb_device_is_online(&back->dev));
}

static bool begin_one(struct disk *disk, struct xb_store *store, uint32_t domid, uint32_t devid)
{
	*disk = (struct disk){ .fd = -1 };
	if (!back_begin(&disk->back, store, "vbd", domid, devid))
		return false;
	if (is_to_be_served(&disk->back))
		return true;
	back_end(&disk->back);
	return false;
}

static bool begin_any(struct disk *disk, struct xb_store *store, uint32_t domid)
{
	struct xb_backend_id *ids;
	bool has_one = false;
	struct errbuf err;
	unsigned int nr;

	need(xb_scan(store, "vbd", domid, &ids, &nr, &err), &err);
	for (unsigned int i = 0; i < nr && !has_one; i++) {
		if (!may_take(ids[i].devid))
			continue;
		*own() = ids[i].devid;
		has_one = begin_one(disk, store, domid, ids[i].devid);
		if (!has_one)
			*own() = 0;
	}
	free(ids);
	return has_one;
}

__attribute__((noreturn)) static void serve(const struct scripted_options *options)
{
	static struct disk disk;
	struct xb_watch watch;
	struct xb_store store;

	scripted_watch(&store, &watch, "vbd", options->domid);
	for (;;) {
		while (begin_any(&disk, &store, options->domid)) {
			disk_serve(&disk, options->sector_bytes);
			*own() = 0;
		}
		scripted_await_change(&store);
	}
}

/* Before either of them has opened anything. The second goes with the first. */
static void make_second(void)
{
	in_hand = mmap(NULL, sizeof(*in_hand), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (in_hand == MAP_FAILED)
		error("shared memory: %s", strerror(errno));
	is_second = fork() == 0;
	if (is_second)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
}

int scripted_backend_main(int argc, char **argv)
{
	struct scripted_options options = { .side = VIOLATE_BACKEND, .domid = 1, .sector_bytes = 512 };
	int status = scripted_parse(&spec, argc, argv, &options);

	if (status != SCRIPTED_RUN)
		return status;
	make_second();
	serve(&options);
}
