// SPDX-License-Identifier: MIT
/*
 * A journal that somebody else has written. What holds:
 *
 * - of one that is accepted, every entry that it claims to have is there;
 * - the same file is taken up only by the connection that it says it is about, and only where all was answered;
 * - what is written over it is a journal again, whatever stood there, and is taken up after a hand-over.
 */
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

static void check_taken_up(struct journal *journal)
{
	struct journal_identity other = journal->file->identity;
	struct errbuf err;

	if (journal_check_clean(journal, &journal->file->identity, &err))
		return;
	assert(journal->file->state == JOURNAL_CLEAN && journal->file->req_cons == journal->file->rsp_prod);
	other.devid++;
	assert(journal_check_clean(journal, &other, &err));
	other.devid--;
	other.ref[JOURNAL_MAX_REFS - 1]++;
	assert(journal_check_clean(journal, &other, &err));
}

static void check_written_over(struct journal *journal)
{
	struct journal_identity identity = journal->file->identity;
	struct errbuf err;

	identity.nr_slots %= 64;
	assert(journal_begin(journal, &identity, 7, &err) == 0);
	assert(journal_file_check(journal->file, FILE_BYTES, &err) == 0 && count_unanswered(journal->file, 0) == 0);
	assert(journal_check_clean(journal, &identity, &err));
	if (identity.nr_slots > 0) {
		journal_taken(journal, 0, 7);
		assert(count_unanswered(journal->file, 7) == 1);
		journal_answering(journal, 0, 7);
		assert(count_unanswered(journal->file, 7) == 1 && count_unanswered(journal->file, 8) == 0);
		journal_freed(journal, 0);
	}
	journal_hand_over(journal, 8, 8);
	assert(journal_check_clean(journal, &identity, &err) == 0);
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
