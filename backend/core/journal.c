// SPDX-License-Identifier: MIT
#include "backend/core/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/base/errbuf.h"

#define FILE_BYTES (sizeof(struct journal_file) + JOURNAL_MAX_ENTRIES * sizeof(struct journal_entry))

static_assert(sizeof(struct journal_entry) == 176, "the file's layout: a change needs a new JOURNAL_VERSION");
static_assert(sizeof(struct journal_identity) == 176, "as above");

/* A killed process loses nothing it has stored: only the compiler must keep the steps in order. */
static void in_order(void)
{
	atomic_signal_fence(memory_order_seq_cst);
}

void journal_init(struct journal *journal)
{
	memset(journal, 0, sizeof(*journal));
	journal->fd = -1;
}

static int claim(struct journal *journal, struct errbuf *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct journal_file seen = { .holder_pid = 0 };

	if (fcntl(journal->fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno != EAGAIN && errno != EACCES)
		return errbuf_set(err, -errno, "%s: cannot lock: %s", journal->path, strerror(errno));
	if (pread(journal->fd, &seen, sizeof(seen), 0) < (ssize_t)sizeof(seen))
		seen.holder_pid = 0;
	return errbuf_set(err, -EBUSY, "another daemon (pid %u) serves it and holds %s", seen.holder_pid,
			  journal->path);
}

bool journal_is_claimed(const char *path)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool is_claimed;

	if (fd < 0)
		return errno != ENOENT;
	is_claimed = fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
	close(fd);
	return is_claimed;
}

static size_t entries_end(uint32_t nr_entries)
{
	return sizeof(struct journal_file) + nr_entries * sizeof(struct journal_entry);
}

/* What is stored through the mapping must have its place before: on a full file system the store would be a SIGBUS. */
static int reserve(struct journal *journal, size_t used_bytes, struct errbuf *err)
{
	int r = posix_fallocate(journal->fd, 0, used_bytes);

	if (r)
		return errbuf_set(err, -r, "%s: no room for %zu bytes: %s", journal->path, used_bytes, strerror(r));
	return 0;
}

/*
 * Between our open() and our lock the holder may have removed the file and left: the lock is then on a file that nobody
 * else will ever find. Only the holder removes it, so what is true under the lock stays true.
 */
static int check_name(const struct journal *journal, struct errbuf *err)
{
	struct stat ours, named;

	if (fstat(journal->fd, &ours))
		return errbuf_set(err, -errno, "%s: %s", journal->path, strerror(errno));
	if (stat(journal->path, &named) || named.st_dev != ours.st_dev || named.st_ino != ours.st_ino)
		return errbuf_set(err, -EBUSY, "another daemon has just removed %s", journal->path);
	return 0;
}

static int map_file(struct journal *journal, struct errbuf *err)
{
	void *area;
	int rc;

	/* Sparse: only the head has its place now, journal_begin() reserves the entries that a connection uses. */
	if (ftruncate(journal->fd, FILE_BYTES))
		return errbuf_set(err, -errno, "%s: cannot grow: %s", journal->path, strerror(errno));
	rc = reserve(journal, sizeof(struct journal_file), err);
	if (rc)
		return rc;
	area = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, journal->fd, 0);
	if (area == MAP_FAILED)
		return errbuf_set(err, -errno, "%s: cannot map: %s", journal->path, strerror(errno));
	journal->file = area;
	return 0;
}

int journal_open(struct journal *journal, const char *path, struct errbuf *err)
{
	int rc;

	snprintf(journal->path, sizeof(journal->path), "%s", path);
	journal->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (journal->fd < 0)
		return errbuf_set(err, -errno, "%s: cannot open: %s", path, strerror(errno));
	rc = claim(journal, err);
	if (rc == 0)
		rc = check_name(journal, err);
	if (rc == 0)
		rc = map_file(journal, err);
	if (rc)
		journal_close(journal);
	else
		journal->file->holder_pid = getpid();
	return rc;
}

void journal_close(struct journal *journal)
{
	if (journal->file)
		munmap(journal->file, FILE_BYTES);
	if (journal->fd >= 0)
		close(journal->fd);
	journal_init(journal);
}

void journal_remove(struct journal *journal)
{
	if (journal->fd >= 0)
		unlink(journal->path);
	journal_close(journal);
}

int journal_begin(struct journal *journal, const struct journal_identity *identity, uint32_t req_cons,
		  struct errbuf *err)
{
	struct journal_file *file = journal->file;
	int rc;

	if (identity->nr_slots > JOURNAL_MAX_ENTRIES)
		return errbuf_set(err, -E2BIG, "%s: %u ring slots: expected at most %u", journal->path,
				  identity->nr_slots, JOURNAL_MAX_ENTRIES);
	rc = reserve(journal, entries_end(identity->nr_slots), err);
	if (rc)
		return rc;
	file->state = JOURNAL_UNUSED;
	in_order();
	memset(file->entry, 0, identity->nr_slots * sizeof(struct journal_entry));
	memcpy(file->magic, JOURNAL_MAGIC, sizeof(file->magic));
	file->version = JOURNAL_VERSION;
	file->entry_bytes = sizeof(struct journal_entry);
	file->nr_entries = identity->nr_slots;
	file->identity = *identity;
	file->req_cons = req_cons;
	file->rsp_prod = 0;
	file->writer_pid = getpid();
	in_order();
	file->state = JOURNAL_LIVE;
	journal->nr_resumed = journal->nr_abandoned = 0;
	journal->is_given_up = false;
	return 0;
}

void journal_abandon(struct journal *journal, uint32_t nr)
{
	for (uint32_t slot = 0; slot < nr; slot++)
		journal->file->entry[slot].state = JOURNAL_ENTRY_ABANDONED;
	journal->nr_abandoned = nr;
}

static uint32_t nr_abandoned(const struct journal_file *file)
{
	uint32_t nr = 0;

	for (uint32_t slot = 0; slot < file->nr_entries; slot++)
		nr += file->entry[slot].state == JOURNAL_ENTRY_ABANDONED;
	return nr;
}

void journal_end(struct journal *journal)
{
	if (journal->file)
		journal->file->state = JOURNAL_UNUSED;
}

void journal_taken(struct journal *journal, uint32_t slot, uint32_t request_index)
{
	struct journal_entry *entry = &journal->file->entry[slot];

	entry->request_index = request_index;
	entry->nr_replays = 0;
	in_order();
	entry->state = JOURNAL_ENTRY_TAKEN;
	in_order();
	crash_point("entry-written");
	journal->file->req_cons = request_index + 1;
	in_order();
	crash_point("consumer-advanced");
}

void journal_given_back(struct journal *journal, uint32_t slot)
{
	journal->file->req_cons = journal->file->entry[slot].request_index;
	journal_freed(journal, slot);
}

void journal_replayed(struct journal *journal, uint32_t slot)
{
	journal->file->entry[slot].nr_replays++;
	in_order();
	crash_point("replayed");
}

void journal_cleared(struct journal *journal, uint32_t slot)
{
	journal->file->entry[slot].nr_replays = 0;
}

void journal_answering(struct journal *journal, uint32_t slot, uint32_t response_index)
{
	struct journal_entry *entry = &journal->file->entry[slot];

	entry->response_index = response_index;
	in_order();
	entry->state = JOURNAL_ENTRY_ANSWERING;
	in_order();
	crash_point("answer-noted");
}

void journal_freed(struct journal *journal, uint32_t slot)
{
	in_order();
	journal->file->entry[slot].state = JOURNAL_ENTRY_FREE;
	in_order();
	crash_point("entry-freed");
}

void journal_hand_over(struct journal *journal, uint32_t req_cons, uint32_t rsp_prod)
{
	journal->file->req_cons = req_cons;
	journal->file->rsp_prod = rsp_prod;
	in_order();
	journal->file->state = JOURNAL_CLEAN;
}

int journal_file_check(const struct journal_file *file, uint64_t size_bytes, struct errbuf *err)
{
	if (size_bytes < sizeof(*file) || memcmp(file->magic, JOURNAL_MAGIC, sizeof(file->magic)) != 0)
		return errbuf_set(err, -EINVAL, "not a pvring journal");
	if (file->version != JOURNAL_VERSION || file->entry_bytes != sizeof(struct journal_entry))
		return errbuf_set(err, -EPROTONOSUPPORT, "journal version %u: expected %u", file->version,
				  JOURNAL_VERSION);
	if (file->nr_entries > JOURNAL_MAX_ENTRIES ||
	    size_bytes < entries_end(file->nr_entries))
		return errbuf_set(err, -EINVAL, "journal of %llu bytes claims %u entries",
				  (unsigned long long)size_bytes, file->nr_entries);
	return 0;
}

/* The first field that differs, in words; NULL: none. */
static const char *identity_difference(const struct journal_identity *a, const struct journal_identity *b)
{
	if (strncmp(a->kind, b->kind, sizeof(a->kind)) || a->devid != b->devid || a->queue != b->queue)
		return "device";
	if (a->domid != b->domid || strncmp(a->domain_uuid, b->domain_uuid, sizeof(a->domain_uuid)))
		return "domain";
	if (strncmp(a->protocol, b->protocol, sizeof(a->protocol)) || a->nr_slots != b->nr_slots ||
	    a->request_bytes != b->request_bytes || a->response_bytes != b->response_bytes)
		return "protocol";
	if (a->nr_refs != b->nr_refs || memcmp(a->ref, b->ref, sizeof(a->ref)))
		return "ring-ref";
	if (a->remote_port != b->remote_port)
		return "event-channel";
	if (a->features != b->features)
		return "features";
	return NULL;
}

bool journal_has_connection(const struct journal *journal)
{
	return journal->file && journal->file->state != JOURNAL_UNUSED;
}

int journal_check(const struct journal *journal, const struct journal_identity *identity, struct errbuf *err)
{
	const struct journal_file *file = journal->file;
	const char *difference;
	int rc;

	rc = journal_file_check(file, FILE_BYTES, err);
	if (rc)
		return rc;
	if (file->state != JOURNAL_LIVE && file->state != JOURNAL_CLEAN)
		return errbuf_set(err, -EINVAL, "the journal says that it was not connected");
	difference = identity_difference(&file->identity, identity);
	if (difference)
		return errbuf_set(err, -EINVAL, "the journal is about another connection: its %s differs", difference);
	if (file->nr_entries != identity->nr_slots)
		return errbuf_set(err, -EINVAL, "the journal has %u entries for a ring of %u slots", file->nr_entries,
				  identity->nr_slots);
	if (file->state == JOURNAL_CLEAN && file->req_cons - file->rsp_prod != nr_abandoned(file))
		return errbuf_set(err, -EUCLEAN, "the journal is clean, yet %u requests are unanswered",
				  file->req_cons - file->rsp_prod - nr_abandoned(file));
	return 0;
}

/* How long ago it was taken, in requests. 0: req_cons was not advanced for it yet, so it still is in the ring. */
static uint32_t age_of(const struct journal_file *file, uint32_t slot)
{
	return file->req_cons - file->entry[slot].request_index;
}

bool journal_is_unanswered(const struct journal_file *file, uint32_t slot, uint32_t ring_rsp_prod)
{
	return file->state == JOURNAL_LIVE && age_of(file, slot) != 0 &&
	       journal_entry_is_unanswered(&file->entry[slot], ring_rsp_prod);
}

/* In its place by age; false: two of the same age, so at least one is wrong. */
static bool insert(const struct journal_file *file, struct journal_unanswered *found, uint32_t slot)
{
	uint32_t i = found->nr++;

	for (; i > 0 && age_of(file, found->slots[i - 1]) <= age_of(file, slot); i--) {
		if (age_of(file, found->slots[i - 1]) == age_of(file, slot))
			return false;
		found->slots[i] = found->slots[i - 1];
	}
	found->slots[i] = slot;
	return true;
}

int journal_find_unanswered(const struct journal *journal, uint32_t ring_rsp_prod, struct journal_unanswered *found,
			    struct errbuf *err)
{
	const struct journal_file *file = journal->file;

	found->nr = 0;
	found->nr_abandoned = nr_abandoned(file);
	found->req_cons = file->req_cons;
	found->rsp_prod = ring_rsp_prod;
	/* A frontend could only have changed it to harm itself; but then our two records do not agree. */
	if (file->state == JOURNAL_CLEAN && ring_rsp_prod != file->rsp_prod)
		return errbuf_set(err, -EUCLEAN, "the ring's rsp_prod is %u, the journal's %u", ring_rsp_prod,
				  file->rsp_prod);
	for (uint32_t slot = 0; slot < file->nr_entries; slot++) {
		if (journal_is_unanswered(file, slot, ring_rsp_prod) && !insert(file, found, slot))
			return errbuf_set(err, -EUCLEAN, "the journal has request %u twice",
					  file->entry[slot].request_index);
	}
	if (found->nr + found->nr_abandoned != file->req_cons - ring_rsp_prod)
		return errbuf_set(err, -EUCLEAN, "%u requests are unanswered by the ring, %u by the journal",
				  file->req_cons - ring_rsp_prod, found->nr + found->nr_abandoned);
	return 0;
}

/*
 * An answer that was not published is none: its index will be another's. So that is forgotten before anything is
 * answered, and who died on the way here, or dies next, leaves the same requests unanswered.
 */
int journal_resume(struct journal *journal, const struct journal_unanswered *found, struct errbuf *err)
{
	struct journal_file *file = journal->file;
	int rc = reserve(journal, entries_end(file->nr_entries), err);

	if (rc)
		return rc;
	for (uint32_t slot = 0; slot < file->nr_entries; slot++) {
		crash_point("entry-resumed");
		if (file->entry[slot].state == JOURNAL_ENTRY_ABANDONED)
			continue;
		file->entry[slot].state = journal_is_unanswered(file, slot, found->rsp_prod) ? JOURNAL_ENTRY_TAKEN
											     : JOURNAL_ENTRY_FREE;
	}
	journal->nr_resumed = found->nr;
	journal->nr_abandoned = found->nr_abandoned;
	file->writer_pid = getpid();
	in_order();
	file->state = JOURNAL_LIVE;
	in_order();
	crash_point("resumed");
	return 0;
}

bool journal_entry_is_unanswered(const struct journal_entry *entry, uint32_t ring_rsp_prod)
{
	if (entry->state == JOURNAL_ENTRY_TAKEN)
		return true;
	return entry->state == JOURNAL_ENTRY_ANSWERING && (int32_t)(ring_rsp_prod - entry->response_index) <= 0;
}
