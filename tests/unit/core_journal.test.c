// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/core/journal.h"
#include "common/base/errbuf.h"

static struct errbuf err;
static struct journal journal;
static char dir[64], path[128];

static const struct journal_identity identity = {
	.kind = "vbd",
	.domain_uuid = "11111111-1111-1111-1111-111111111111",
	.protocol = "x86_64-abi",
	.domid = 5,
	.devid = 51712,
	.queue = 0,
	.remote_port = 9,
	.nr_refs = 2,
	.ref = { 8, 9 },
	.nr_slots = 64,
	.request_bytes = 112,
	.response_bytes = 16,
	.features = 3,
};

/* What happens between the open and the lock; NULL: nothing. */
static void (*before_lock)(void);

/* In place of libc's. */
int fcntl(int fd, int cmd, ...)
{
	void (*event)(void) = before_lock;
	va_list args;
	long arg;

	va_start(args, cmd);
	arg = va_arg(args, long);
	va_end(args);
	before_lock = NULL;
	if (event && cmd == F_OFD_SETLK)
		event();
	return syscall(SYS_fcntl, fd, cmd, arg);
}

static int setup(void **state)
{
	strcpy(dir, "/tmp/pvring-journal-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/vbd-5-51712", dir);
	journal_init(&journal);
	err.text[0] = '\0';
	return journal_open(&journal, path, &err);
}

static int teardown(void **state)
{
	journal_remove(&journal);
	unlink(path);
	return rmdir(dir);
}

static void begin(void)
{
	assert_int_equal(journal_begin(&journal, &identity, 0, &err), 0);
}

static void reopen(void)
{
	journal_close(&journal);
	assert_int_equal(journal_open(&journal, path, &err), 0);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static void a_new_journal_is_of_nobody_and_private(void **state)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(journal_check(&journal, &identity, &err), -EINVAL);
	assert_string_equal(err.text, "not a pvring journal");
}

static void closing_keeps_the_file_and_removing_does_not(void **state)
{
	journal_close(&journal);
	journal_close(&journal);
	assert_int_equal(access(path, F_OK), 0);
	journal_remove(&journal); /* not open: nothing of ours */
	assert_int_equal(access(path, F_OK), 0);
	assert_int_equal(journal_open(&journal, path, &err), 0);
	journal_remove(&journal);
	assert_int_equal(access(path, F_OK), -1);
}

static void what_cannot_be_opened_is_named(void **state)
{
	struct journal other;
	char bad[160], want[256];

	journal_init(&other);
	snprintf(bad, sizeof(bad), "%s/no/journal", dir);
	snprintf(want, sizeof(want), "%s: cannot open: No such file or directory", bad);
	assert_int_equal(journal_open(&other, bad, &err), -ENOENT);
	assert_string_equal(err.text, want);
	snprintf(bad, sizeof(bad), "%s/link", dir);
	assert_int_equal(symlink(path, bad), 0);
	assert_int_equal(journal_open(&other, bad, &err), -ELOOP);
	unlink(bad);
	assert_null(other.file);
	assert_int_equal(other.fd, -1);
}

/* The child's exit status: 0 claimed, 1 refused as it should be, 2 anything else. */
static int claim_in_another_process(void)
{
	struct journal other;
	char want[256];
	int status;
	pid_t pid;

	snprintf(want, sizeof(want), "another daemon (pid %d) serves it and holds %s", getpid(), path);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int rc;

		journal_init(&other);
		rc = journal_open(&other, path, &err);
		_exit(rc == 0 ? 0 : rc == -EBUSY && strcmp(err.text, want) == 0 && other.fd == -1 ? 1 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void one_process_at_a_time_has_the_claim(void **state)
{
	assert_int_equal(claim_in_another_process(), 1);
	begin();
	assert_int_equal(claim_in_another_process(), 1);
	journal_hand_over(&journal, 0, 0);
	assert_int_equal(claim_in_another_process(), 1); /* until it is closed */
	journal_close(&journal);
	assert_int_equal(claim_in_another_process(), 0);
}

static void the_holder_leaves(void)
{
	journal_remove(&journal);
}

static void the_holder_leaves_and_comes_back(void)
{
	journal_remove(&journal);
	assert_int_equal(journal_open(&journal, path, &err), 0);
}

static void whether_it_is_claimed_can_be_seen(void **state)
{
	assert_true(journal_is_claimed(path));
	journal_close(&journal);
	assert_false(journal_is_claimed(path));
	assert_int_equal(journal_open(&journal, path, &err), 0);
	journal_remove(&journal);
	assert_false(journal_is_claimed(path));
	assert_true(journal_is_claimed("/dev/null/no")); /* it cannot be found out */
}

static void a_file_that_was_removed_before_its_lock_is_no_claim(void **state)
{
	struct journal other;
	char want[256];

	snprintf(want, sizeof(want), "another daemon has just removed %s", path);
	journal_init(&other);
	before_lock = the_holder_leaves_and_comes_back;
	assert_int_equal(journal_open(&other, path, &err), -EBUSY);
	assert_string_equal(err.text, want);
	assert_int_equal(other.fd, -1);
	before_lock = the_holder_leaves;
	assert_int_equal(journal_open(&other, path, &err), -EBUSY);
	assert_string_equal(err.text, want);
	assert_int_equal(journal_open(&other, path, &err), 0); /* and then it is free */
	journal_remove(&other);
}

/* Over `dir`, for this process alone. */
static bool mount_full_file_system(void)
{
	char filler[160];
	int fd;

	if (unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) || mount("none", dir, "tmpfs", 0, "size=64k"))
		return false;
	snprintf(filler, sizeof(filler), "%s/filler", dir);
	fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	while (write(fd, filler, sizeof(filler)) > 0)
		;
	return errno == ENOSPC;
}

/* The child's exit status: 0 refused as it should be, 77 no such file system may be made here, anything else: not. */
static void open_on_a_full_file_system(void)
{
	struct journal other;
	char want[256];

	if (!mount_full_file_system())
		_exit(77);
	journal_init(&other);
	snprintf(want, sizeof(want), "%s: no room for %zu bytes: No space left on device", path,
		 sizeof(struct journal_file));
	if (journal_open(&other, path, &err) != -ENOSPC || strcmp(err.text, want) != 0 || other.file || other.fd != -1)
		_exit(1);
	_exit(0);
}

static void a_full_file_system_is_an_error_and_no_signal(void **state)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		open_on_a_full_file_system();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip(); /* may not mount one here */
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- what is in it --------------------------------------------------------------------------------------------- */

static void a_connection_begins_with_all_entries_free(void **state)
{
	begin();
	journal_taken(&journal, 3, 7);
	journal_answering(&journal, 3, 2);
	assert_int_equal(journal_begin(&journal, &identity, 100, &err), 0);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	assert_int_equal(journal.file->req_cons, 100);
	assert_int_equal(journal.file->nr_entries, identity.nr_slots);
	assert_int_equal(journal.file->writer_pid, getpid());
	assert_memory_equal(&journal.file->identity, &identity, sizeof(identity));
	for (unsigned int i = 0; i < identity.nr_slots; i++)
		assert_int_equal(journal.file->entry[i].state, JOURNAL_ENTRY_FREE);
	assert_int_equal(
		journal_file_check(journal.file, sizeof(*journal.file) + 64 * sizeof(struct journal_entry), &err), 0);
}

static void a_ring_of_more_slots_than_entries_is_refused(void **state)
{
	struct journal_identity large = identity;

	large.nr_slots = JOURNAL_MAX_ENTRIES;
	assert_int_equal(journal_begin(&journal, &large, 0, &err), 0);
	large.nr_slots = JOURNAL_MAX_ENTRIES + 1;
	assert_int_equal(journal_begin(&journal, &large, 0, &err), -E2BIG);
	assert_non_null(strstr(err.text, ": 1025 ring slots: expected at most 1024"));
}

static void an_entry_says_how_far_its_request_got(void **state)
{
	const struct journal_entry *entry;

	begin();
	entry = &journal.file->entry[63];
	journal_taken(&journal, 63, UINT32_MAX);
	assert_int_equal(entry->state, JOURNAL_ENTRY_TAKEN);
	assert_int_equal(entry->request_index, UINT32_MAX);
	assert_int_equal(journal.file->req_cons, 0);
	journal_answering(&journal, 63, UINT32_MAX - 4);
	assert_int_equal(entry->state, JOURNAL_ENTRY_ANSWERING);
	assert_int_equal(entry->response_index, UINT32_MAX - 4);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	journal_freed(&journal, 63);
	assert_int_equal(entry->state, JOURNAL_ENTRY_FREE);
}

static const struct {
	const char *name;
	uint32_t state, response_index, ring_rsp_prod;
	bool is_unanswered;
} entries[] = {
	{ "free", JOURNAL_ENTRY_FREE, 5, 0, false },
	{ "taken", JOURNAL_ENTRY_TAKEN, 0, 100, true }, /* its response index means nothing yet */
	{ "answering, not pushed", JOURNAL_ENTRY_ANSWERING, 5, 5, true },
	{ "answering, several not pushed", JOURNAL_ENTRY_ANSWERING, 36, 5, true },
	{ "answered, the last", JOURNAL_ENTRY_ANSWERING, 5, 6, false },
	{ "answered, not the last", JOURNAL_ENTRY_ANSWERING, 5, 37, false },
	{ "the index wraps, not pushed", JOURNAL_ENTRY_ANSWERING, UINT32_MAX, UINT32_MAX, true },
	{ "the index wraps, answered", JOURNAL_ENTRY_ANSWERING, UINT32_MAX, 0, false },
	{ "the index wraps, answered long ago", JOURNAL_ENTRY_ANSWERING, UINT32_MAX - 10, 100, false },
	{ "after the wrap, not pushed", JOURNAL_ENTRY_ANSWERING, 2, UINT32_MAX - 3, true },
	{ "half the circle back", JOURNAL_ENTRY_ANSWERING, 0, 0x7fffffff, false },
	{ "a state there is not", 77, 5, 5, false },
};

static void a_request_is_answered_when_its_response_lies_before_the_rings_index(void **state)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		struct journal_entry entry = {
			.state = entries[i].state,
			.response_index = entries[i].response_index,
		};

		print_message("# %s\n", entries[i].name);
		assert_int_equal(journal_entry_is_unanswered(&entry, entries[i].ring_rsp_prod),
				 entries[i].is_unanswered);
	}
}

/* ---- taking up ------------------------------------------------------------------------------------------------- */

static void a_journal_handed_over_is_clean_for_the_next(void **state)
{
	begin();
	journal_taken(&journal, 0, 0);
	journal_answering(&journal, 0, 0);
	journal_freed(&journal, 0);
	journal_hand_over(&journal, 1, 1);
	reopen();
	assert_int_equal(journal_check(&journal, &identity, &err), 0);
	assert_int_equal(journal.file->req_cons, 1);
	assert_int_equal(journal.file->rsp_prod, 1);
	assert_int_equal(journal.file->writer_pid, getpid());
}

static void a_journal_whose_writer_died_says_who_that_was(void **state)
{
	int status;
	pid_t pid;

	journal_close(&journal);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(journal_open(&journal, path, &err) || journal_begin(&journal, &identity, 0, &err));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	reopen(); /* who only looks does not become the writer */
	reopen();
	assert_int_equal(journal_check(&journal, &identity, &err), 0);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	assert_int_equal(journal.file->writer_pid, pid);
}

static void a_journal_of_a_connection_that_ended_is_not_clean(void **state)
{
	begin();
	journal_end(&journal);
	assert_int_equal(journal_check(&journal, &identity, &err), -EINVAL);
	assert_string_equal(err.text, "the journal says that it was not connected");
	journal.file->state = 77;
	assert_int_equal(journal_check(&journal, &identity, &err), -EINVAL);
}

static void a_clean_journal_has_no_unanswered_request(void **state)
{
	begin();
	journal_hand_over(&journal, 1, UINT32_MAX);
	assert_int_equal(journal_check(&journal, &identity, &err), -EUCLEAN);
	assert_string_equal(err.text, "the journal is clean, yet 2 requests are unanswered");
}

/* Each field of the identity, and the word that the reason has for it. */
#define FIELD(field, word) { #field, word, offsetof(struct journal_identity, field) }

static const struct {
	const char *name, *word;
	size_t offset;
} fields[] = {
	FIELD(kind, "device"),
	FIELD(devid, "device"),
	FIELD(queue, "device"),
	FIELD(domid, "domain"),
	FIELD(domain_uuid, "domain"),
	FIELD(protocol, "protocol"),
	FIELD(nr_slots, "protocol"),
	FIELD(request_bytes, "protocol"),
	FIELD(response_bytes, "protocol"),
	FIELD(nr_refs, "ring-ref"),
	FIELD(ref, "ring-ref"),
	FIELD(ref[1], "ring-ref"),
	FIELD(ref[15], "ring-ref"),
	FIELD(remote_port, "event-channel"),
	FIELD(features, "features"),
};

static void a_journal_of_another_connection_is_not_taken(void **state)
{
	begin();
	journal_hand_over(&journal, 0, 0);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct journal_identity other = identity;
		char want[128];

		print_message("# %s\n", fields[i].name);
		((char *)&other)[fields[i].offset] ^= 1;
		snprintf(want, sizeof(want), "the journal is about another connection: its %s differs", fields[i].word);
		assert_int_equal(journal_check(&journal, &other, &err), -EINVAL);
		assert_string_equal(err.text, want);
	}
	assert_int_equal(journal_check(&journal, &identity, &err), 0);
}

/* ---- after a death --------------------------------------------------------------------------------------------- */

static uint32_t found_slots[64];
static struct journal_unanswered found = { .slots = found_slots };

/* Six requests were taken, out of two the answers are published. */
static void die_with_four_of_six_unanswered(void)
{
	begin();
	for (uint32_t slot = 0; slot < 6; slot++)
		journal_taken(&journal, 63 - slot, slot);
	journal_answering(&journal, 63 - 1, 0); /* published */
	journal_answering(&journal, 63 - 4, 1); /* published, and free */
	journal_freed(&journal, 63 - 4);
	journal_answering(&journal, 63 - 3, 2); /* not published */
	reopen();
}

static void what_is_unanswered_is_found_oldest_first(void **state)
{
	die_with_four_of_six_unanswered();
	assert_int_equal(journal_find_unanswered(&journal, 2, &found, &err), 0);
	assert_int_equal(found.req_cons, 6);
	assert_int_equal(found.rsp_prod, 2);
	assert_int_equal(found.nr, 4);
	assert_int_equal(found.slots[0], 63 - 0);
	assert_int_equal(found.slots[1], 63 - 2);
	assert_int_equal(found.slots[2], 63 - 3);
	assert_int_equal(found.slots[3], 63 - 5);
}

/* Its index would be another's, and then it would seem to be answered. */
static void an_answer_that_was_not_published_is_forgotten(void **state)
{
	const struct journal_entry *entry;

	die_with_four_of_six_unanswered();
	entry = &journal.file->entry[63 - 3];
	for (int i = 0; i < 2; i++) { /* who goes on with it may die at once */
		assert_int_equal(journal_find_unanswered(&journal, 2, &found, &err), 0);
		assert_int_equal(found.nr, 4);
		assert_int_equal(journal_resume(&journal, &found, &err), 0);
		assert_int_equal(journal.nr_resumed, 4);
	}
	assert_int_equal(entry->state, JOURNAL_ENTRY_TAKEN);
	assert_int_equal(journal.file->entry[63 - 1].state, JOURNAL_ENTRY_FREE);
	journal_answering(&journal, 63 - 0, 2);
	assert_int_equal(journal_find_unanswered(&journal, 3, &found, &err), 0);
	assert_int_equal(found.nr, 3);
	assert_int_equal(found.slots[1], 63 - 3);
}

static void a_request_is_taken_when_the_consumer_index_says_so(void **state)
{
	begin();
	journal_taken(&journal, 0, 0);
	journal_taken(&journal, 1, 1);
	journal.file->req_cons = 1; /* died between */
	assert_int_equal(journal_find_unanswered(&journal, 0, &found, &err), 0);
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.slots[0], 0);
	assert_int_equal(journal_resume(&journal, &found, &err), 0);
	assert_int_equal(journal.file->entry[1].state, JOURNAL_ENTRY_FREE);
}

static void what_is_given_back_was_not_taken(void **state)
{
	begin();
	journal_taken(&journal, 0, 0);
	journal_taken(&journal, 1, 1);
	journal_given_back(&journal, 1);
	assert_int_equal(journal_find_unanswered(&journal, 0, &found, &err), 0);
	assert_int_equal(found.nr, 1);
	assert_int_equal(found.req_cons, 1);
}

static void replays_are_counted_until_the_slot_is_used_again(void **state)
{
	begin();
	journal_taken(&journal, 5, 0);
	journal_replayed(&journal, 5);
	reopen();
	journal_replayed(&journal, 5);
	assert_int_equal(journal.file->entry[5].nr_replays, 2);
	journal_freed(&journal, 5);
	journal_taken(&journal, 5, 1);
	assert_int_equal(journal.file->entry[5].nr_replays, 0);
}

static void a_journal_and_a_ring_that_do_not_agree_are_left_alone(void **state)
{
	die_with_four_of_six_unanswered();
	assert_int_equal(journal_find_unanswered(&journal, 4, &found, &err), -EUCLEAN);
	assert_string_equal(err.text, "2 requests are unanswered by the ring, 3 by the journal");
	journal.file->entry[63 - 5].request_index = 2;
	assert_int_equal(journal_find_unanswered(&journal, 2, &found, &err), -EUCLEAN);
	assert_string_equal(err.text, "the journal has request 2 twice");
	journal.file->nr_entries = 63;
	assert_int_equal(journal_check(&journal, &identity, &err), -EINVAL);
	assert_string_equal(err.text, "the journal has 63 entries for a ring of 64 slots");
}

static void a_clean_journal_has_the_rings_index(void **state)
{
	begin();
	journal_taken(&journal, 0, 0); /* what is left in a clean one means nothing */
	journal_hand_over(&journal, 3, 3);
	assert_int_equal(journal_find_unanswered(&journal, 2, &found, &err), -EUCLEAN);
	assert_string_equal(err.text, "the ring's rsp_prod is 2, the journal's 3");
	assert_int_equal(journal_find_unanswered(&journal, 3, &found, &err), 0);
	assert_int_equal(found.nr, 0);
	assert_int_equal(journal_resume(&journal, &found, &err), 0);
	assert_int_equal(journal.file->state, JOURNAL_LIVE);
	assert_int_equal(journal.file->entry[0].state, JOURNAL_ENTRY_FREE);
}

/* ---- what a file claims ---------------------------------------------------------------------------------------- */

#define HEAD_BYTES (sizeof(struct journal_file))
#define FULL_BYTES (HEAD_BYTES + 64 * sizeof(struct journal_entry))

static const struct {
	const char *name;
	uint64_t size_bytes;
	size_t offset; /* of a 32-bit word that is changed */
	uint32_t value;
	int rc;
	const char *reason;
} claims[] = {
	{ "as written", FULL_BYTES, 12, sizeof(struct journal_entry), 0, "" },
	{ "longer", FULL_BYTES + 1, 12, sizeof(struct journal_entry), 0, "" },
	{ "no entries", HEAD_BYTES, offsetof(struct journal_file, nr_entries), 0, 0, "" },
	{ "nothing", 0, 12, sizeof(struct journal_entry), -EINVAL, "not a pvring journal" },
	{ "no whole head", HEAD_BYTES - 1, 12, sizeof(struct journal_entry), -EINVAL, "not a pvring journal" },
	{ "wrong magic", FULL_BYTES, 0, 0, -EINVAL, "not a pvring journal" },
	{ "wrong end of magic", FULL_BYTES, 4, 0x01474e49, -EINVAL, "not a pvring journal" },
	{ "version 0", FULL_BYTES, offsetof(struct journal_file, version), 0, -EPROTONOSUPPORT,
	  "journal version 0: expected 1" },
	{ "version 2", FULL_BYTES, offsetof(struct journal_file, version), 2, -EPROTONOSUPPORT,
	  "journal version 2: expected 1" },
	{ "entries of another size", FULL_BYTES, offsetof(struct journal_file, entry_bytes), 8, -EPROTONOSUPPORT,
	  NULL },
	{ "cut short", FULL_BYTES - 1, 12, sizeof(struct journal_entry), -EINVAL, NULL },
	{ "one entry more than there is", FULL_BYTES, offsetof(struct journal_file, nr_entries), 65, -EINVAL, NULL },
	{ "more than can be", 1ULL << 40, offsetof(struct journal_file, nr_entries), 1025, -EINVAL,
	  "journal of 1099511627776 bytes claims 1025 entries" },
	{ "a number that overflows", FULL_BYTES, offsetof(struct journal_file, nr_entries), UINT32_MAX, -EINVAL, NULL },
};

static void what_a_file_claims_is_checked_first(void **state)
{
	struct journal_file *copy = malloc(FULL_BYTES);

	begin();
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		print_message("# %s\n", claims[i].name);
		err.text[0] = '\0';
		memcpy(copy, journal.file, FULL_BYTES);
		memcpy((char *)copy + claims[i].offset, &claims[i].value, 4);
		assert_int_equal(journal_file_check(copy, claims[i].size_bytes, &err), claims[i].rc);
		if (claims[i].reason)
			assert_string_equal(err.text, claims[i].reason);
	}
	free(copy);
}

static void a_file_cut_short_is_not_clean(void **state)
{
	begin();
	journal_hand_over(&journal, 0, 0);
	assert_int_equal(truncate(path, 20), 0);
	reopen();
	assert_int_equal(journal_check(&journal, &identity, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_journal_is_of_nobody_and_private, setup, teardown),
		cmocka_unit_test_setup_teardown(closing_keeps_the_file_and_removing_does_not, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_opened_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(one_process_at_a_time_has_the_claim, setup, teardown),
		cmocka_unit_test_setup_teardown(whether_it_is_claimed_can_be_seen, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_that_was_removed_before_its_lock_is_no_claim, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_file_system_is_an_error_and_no_signal, setup, teardown),
		cmocka_unit_test_setup_teardown(a_connection_begins_with_all_entries_free, setup, teardown),
		cmocka_unit_test_setup_teardown(a_ring_of_more_slots_than_entries_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(an_entry_says_how_far_its_request_got, setup, teardown),
		cmocka_unit_test(a_request_is_answered_when_its_response_lies_before_the_rings_index),
		cmocka_unit_test_setup_teardown(a_journal_handed_over_is_clean_for_the_next, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_whose_writer_died_says_who_that_was, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_of_a_connection_that_ended_is_not_clean, setup, teardown),
		cmocka_unit_test_setup_teardown(a_clean_journal_has_no_unanswered_request, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_of_another_connection_is_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_unanswered_is_found_oldest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_that_was_not_published_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(a_request_is_taken_when_the_consumer_index_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_given_back_was_not_taken, setup, teardown),
		cmocka_unit_test_setup_teardown(replays_are_counted_until_the_slot_is_used_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_journal_and_a_ring_that_do_not_agree_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_clean_journal_has_the_rings_index, setup, teardown),
		cmocka_unit_test_setup_teardown(what_a_file_claims_is_checked_first, setup, teardown),
		cmocka_unit_test_setup_teardown(a_file_cut_short_is_not_clean, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
