// SPDX-License-Identifier: MIT
/*
 * pvring journal dump: what a daemon that ended without handing over had taken from a ring and not answered.
 *
 * While the guest lives, its ring is looked at too (read-only): it alone knows whether a response that was being
 * written when the daemon died was published.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/core/grants.h"
#include "backend/core/journal.h"
#include "common/base/errbuf.h"
#include "common/ring/layout.h"
#include "common/wire/blk.h"
#include "common/wire/xen_blkif.h"
#include "ctl/args.h"
#include "ctl/commands.h"

struct ring_view {
	bool is_known;
	uint32_t req_prod, rsp_prod;
};

static const char *state_name(uint32_t state)
{
	switch (state) {
	case JOURNAL_UNUSED:
		return "not connected";
	case JOURNAL_LIVE:
		return "live: being served, or its daemon died";
	case JOURNAL_CLEAN:
		return "clean: handed over";
	default:
		return "unknown";
	}
}

static void look_at_ring(const struct journal_identity *identity, struct ring_view *view)
{
	struct grants grants;
	void *shared;

	view->is_known = false;
	if (identity->nr_refs == 0 || identity->nr_refs > JOURNAL_MAX_REFS || grants_open(&grants, identity->domid))
		return;
	if (grants_map(&grants, identity->ref, 1, PROT_READ, &shared) == 0) {
		view->req_prod = ring_shared_req_prod(shared);
		view->rsp_prod = ring_shared_rsp_prod(shared);
		view->is_known = true;
		grants_unmap(&grants, shared, 1);
	}
	grants_close(&grants);
}

static void print_request(const struct journal_file *file, const struct journal_entry *entry)
{
	struct errbuf ignored;
	enum blk_abi abi;
	struct blk_request req;

	if (strcmp(file->identity.kind, "vbd") != 0 || blk_abi_parse(file->identity.protocol, &abi, &ignored)) {
		printf("\n");
		return;
	}
	blk_slot_decode(abi, entry->request, &req);
	printf("  id %" PRIu64 "  %s%s (%u)  sector %" PRIu64, req.id, req.is_indirect ? "indirect " : "",
	       blk_operation_name(req.operation), req.operation, req.sector);
	if (req.operation == BLKIF_OP_DISCARD)
		printf("  %" PRIu64 " sector(s)\n", req.nr_sectors);
	else
		printf("  %u segment(s)\n", req.nr_segments);
}

/* Without the ring, an answer that may or may not have been published counts as not. */
static bool is_unanswered(const struct journal_file *file, uint32_t slot, const struct ring_view *view)
{
	if (file->entry[slot].state == JOURNAL_ENTRY_ANSWERING && !view->is_known)
		return true;
	return journal_is_unanswered(file, slot, view->rsp_prod);
}

static void print_header(const char *path, const struct journal_file *file)
{
	const struct journal_identity *identity = &file->identity;

	printf("%s: %.16s %u/%u, guest %.36s, %.16s, event channel %u, %u request slots\n", path, identity->kind,
	       identity->domid, identity->devid, identity->domain_uuid, identity->protocol, identity->remote_port,
	       identity->nr_slots);
	printf("state: %s (pid %u)\n", state_name(file->state), file->writer_pid);
}

static void dump(const char *path, const struct journal_file *file)
{
	struct ring_view view = { .is_known = false };
	unsigned int nr = 0, nr_abandoned = 0;

	print_header(path, file);
	if (file->state == JOURNAL_UNUSED)
		return;
	look_at_ring(&file->identity, &view);
	for (uint32_t i = 0; i < file->nr_entries; i++)
		nr_abandoned += file->entry[i].state == JOURNAL_ENTRY_ABANDONED;
	for (uint32_t i = 0; file->state == JOURNAL_LIVE && i < file->nr_entries; i++) {
		if (!is_unanswered(file, i, &view))
			continue;
		printf("slot %u  index %u", i, file->entry[i].request_index);
		if (file->entry[i].state == JOURNAL_ENTRY_ANSWERING)
			printf("  (answer %u was being written)", file->entry[i].response_index);
		print_request(file, &file->entry[i]);
		nr++;
	}
	printf("%u request(s) taken and not answered\n", nr);
	if (nr_abandoned)
		printf("%u more that nobody will answer ('pvring recover --replay-nothing')\n", nr_abandoned);
	if (view.is_known)
		printf("%u request(s) in the ring and not taken\n", view.req_prod - file->req_cons);
	else
		printf("the ring cannot be looked at: the guest is gone or has taken it back\n");
}

static int dump_file(const char *path, struct errbuf *err)
{
	struct journal_file *file;
	struct errbuf why;
	struct stat st;
	int rc, fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errbuf_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size < sizeof(*file)) {
		close(fd);
		return errbuf_set(err, -EINVAL, "%s: not a pvring journal", path);
	}
	file = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (file == MAP_FAILED)
		return errbuf_set(err, -errno, "%s: cannot map: %s", path, strerror(errno));
	rc = journal_file_check(file, st.st_size, &why);
	if (rc == 0)
		dump(path, file);
	else
		errbuf_set(err, rc, "%s: %s", path, why.text);
	munmap(file, st.st_size);
	return rc;
}

int command_journal(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring journal",
		.synopsis = "dump FILE...",
		.summary =
			"Lists the requests that a daemon took from a guest's ring and had not answered when it ended.",
	};
	struct args args = { .min = 2, .max = ARGS_MAX };
	int status;
	struct errbuf err;

	if (!args_parse(&spec, argc, argv, NULL, &args, &status))
		return status;
	if (strcmp(args.positional[0], "dump") != 0) {
		fprintf(stderr, "pvring journal: '%s' is unknown: expected dump\n", args.positional[0]);
		return EXIT_USAGE;
	}
	for (unsigned int i = 1; i < args.nr; i++) {
		if (dump_file(args.positional[i], &err)) {
			fprintf(stderr, "pvring: %s\n", err.text);
			status = EXIT_FAILED;
		}
	}
	return status;
}
