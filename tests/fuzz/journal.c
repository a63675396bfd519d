// SPDX-License-Identifier: MIT
/*
 * A journal that somebody else has written. What holds:
 *
 * - of one that is accepted, every entry that it claims to have is there;
 * - the same file is taken up only by the connection that it says it is about, and only with a ring that agrees: as
 *   many are unanswered, each in a slot of its own, the oldest first; and whoever took it up and died leaves the same;
 * - what is written over it is a journal again, whatever stood there, and is taken up after a hand-over.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend/core/journal.h"
#include "common/base/errbuf.h"
#include "tests/fuzz/fuzz.h"

#define FILE_BYTES (sizeof(struct journal_file) + JOURNAL_MAX_ENTRIES * sizeof(struct journal_entry))

static struct journal_file *whole; /* of the size that a daemon makes it */

/* Most are what a journal begins with, and claim about as many entries as there are: chance would not come that far. */
static struct journal_file *take_file(struct fuzz_input *input, size_t *len_bytes)
{
	uint8_t kind = fuzz_u8(input);
	struct journal_file *file = fuzz_copy(input->next, input->left_bytes);

	*len_bytes = input->left_bytes;
	if (kind % 8 == 0 || *len_bytes < sizeof(*file))
		return file;
	memcpy(file->magic, JOURNAL_MAGIC, sizeof(file->magic));
	file->version = JOURNAL_VERSION;
	file->entry_bytes = sizeof(struct journal_entry);
	file->state %= 4;
	if (kind & 0x80) {
		file->identity.nr_slots = file->nr_entries;
		file->state = JOURNAL_LIVE;
	}
	if (kind % 8 > 1)
		file->nr_entries = (uint32_t)((*len_bytes - sizeof(*file)) / sizeof(file->entry[0])) + kind / 8 % 3;
	return file;
}

static unsigned int count_unanswered(const struct journal_file *file, uint32_t rsp_prod)
{
	unsigned int nr = 0;

	for (uint32_t i = 0; i < file->nr_entries; i++)
		nr += journal_entry_is_unanswered(&file->entry[i], rsp_prod);
	return nr;
}

static void check_found(const struct journal *journal, const struct journal_unanswered *found)
{
	const struct journal_file *file = journal->file;
	uint32_t age, last_age = 0;

	assert(found->nr == found->req_cons - found->rsp_prod && found->nr <= file->nr_entries);
	for (uint32_t i = found->nr; i-- > 0; last_age = age) {
		assert(found->slots[i] < file->nr_entries);
		age = file->req_cons - file->entry[found->slots[i]].request_index;
		assert(age > last_age);
	}
}

static void check_resumed(struct journal *journal, const struct journal_unanswered *first)
{
	uint32_t slots[JOURNAL_MAX_ENTRIES];
	struct journal_unanswered again = { .slots = slots };
	struct errbuf err;

	assert(journal_resume(journal, first, &err) == 0);
	assert(journal_find_unanswered(journal, first->rsp_prod, &again, &err) == 0);
	assert(again.nr == first->nr && memcmp(again.slots, first->slots, again.nr * sizeof(slots[0])) == 0);
	assert(count_unanswered(journal->file, first->rsp_prod) == first->nr);
}

/* Whatever the ring's index is. */
static void check_taken_up(struct journal *journal)
{
	struct journal_identity other = journal->file->identity;
	uint32_t slots[JOURNAL_MAX_ENTRIES];
	struct journal_unanswered found = { .slots = slots };
	struct errbuf err;

	if (journal_check(journal, &journal->file->identity, &err))
		return;
	other.devid++;
	assert(journal_check(journal, &other, &err));
	other.devid--;
	other.ref[JOURNAL_MAX_REFS - 1]++;
	assert(journal_check(journal, &other, &err));
	for (uint32_t nr = 0; nr <= journal->file->nr_entries; nr++) {
		if (journal_find_unanswered(journal, journal->file->req_cons - nr, &found, &err))
			continue;
		check_found(journal, &found);
		check_resumed(journal, &found);
	}
}

static void check_written_over(struct journal *journal)
{
	struct journal_identity identity = journal->file->identity;
	struct errbuf err;

	identity.nr_slots %= 64;
	assert(journal_begin(journal, &identity, 7, &err) == 0);
	assert(journal_file_check(journal->file, FILE_BYTES, &err) == 0 && count_unanswered(journal->file, 0) == 0);
	assert(journal_check(journal, &identity, &err) == 0);
	if (identity.nr_slots > 0) {
		journal_taken(journal, 0, 7);
		assert(count_unanswered(journal->file, 7) == 1);
		journal_answering(journal, 0, 7);
		assert(count_unanswered(journal->file, 7) == 1 && count_unanswered(journal->file, 8) == 0);
		journal_freed(journal, 0);
	}
	journal_hand_over(journal, 8, 8);
	assert(journal_check(journal, &identity, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	struct journal journal = { .fd = memfd_create("journal", MFD_CLOEXEC) };
	struct errbuf err;
	struct journal_file *file = take_file(&input, &len_bytes);

	whole = whole ? whole : calloc(1, FILE_BYTES);
	if (journal_file_check(file, len_bytes, &err) == 0)
		fuzz_read(file->entry, file->nr_entries * sizeof(file->entry[0]));
	memcpy(whole, file, len_bytes < FILE_BYTES ? len_bytes : FILE_BYTES);
	free(file);
	journal.file = whole;
	check_taken_up(&journal);
	check_written_over(&journal);
	memset(whole, 0, FILE_BYTES);
	close(journal.fd);
	return 0;
}
