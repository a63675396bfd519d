// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/io.h"

/*
 * Requests are letters, an upper-case one is a barrier. A script takes them ("a") and finishes them ("-a"), or finishes
 * them untaken, as refused ("!a"); what runs after each step is listed, so that a row reads like a log.
 */
static const struct {
	const char *name, *script, *running;
} rows[] = {
	{ "without barriers everything runs at once", "a b c -b d", "a ab abc ac acd" },
	{ "a barrier of nothing before it runs", "A", "A" },
	{ "a barrier waits for what was taken before", "a b C -a -b", "a ab ab b C" },
	{ "what comes after a barrier waits for it", "A b c -A", "A A A bc" },
	{ "also when the barrier itself waits", "a B c d -a -B", "a a a a B cd" },
	{ "barriers run one after the other", "A B C -A -B -C", "A A A B C " },
	{ "a write between two barriers", "A b C d -A -b -C", "A A A A b C d" },
	{ "writes between two barriers", "A b c D e -A -c -b -D", "A A A A A bc b D e" },
	{ "one that is refused has not run, whatever its slot did before", "a -a b !a C -b", "a  b b b C" },
	{ "after the last barrier everything runs at once again", "A -A b c", "A  b bc" },
};

struct log {
	struct blk_order order;
	struct blk_io io[32];
	char running[33];
};

static void add_running(struct log *log, const struct blk_io *io)
{
	char letter = (io->kind == BLK_IO_BARRIER ? '@' : '`') + io->slot;

	strncat(log->running, &letter, 1);
}

static void done(struct log *log, char letter)
{
	struct blk_io *io;

	blk_order_done(&log->order, &log->io[letter & 31]);
	while ((io = blk_order_next(&log->order)))
		add_running(log, io);
}

static void finish(struct log *log, char letter)
{
	char *at = strchr(log->running, letter);

	assert_non_null(at);
	memmove(at, at + 1, strlen(at));
	done(log, letter);
}

static void take(struct log *log, char letter)
{
	struct blk_io *io = &log->io[letter & 31];

	io->slot = letter & 31;
	io->kind = letter < 'a' ? BLK_IO_BARRIER : BLK_IO_WRITE;
	if (blk_order_take(&log->order, io))
		add_running(log, io);
}

static void a_barrier_has_everything_before_and_nothing_after(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct log log = { 0 };
		char all[256] = "";

		print_message("# %s\n", rows[i].name);
		blk_order_init(&log.order);
		for (const char *c = rows[i].script; *c; c++) {
			if (*c == ' ')
				strcat(all, " ");
			else if (*c == '-')
				finish(&log, *++c);
			else if (*c == '!')
				done(&log, *++c);
			else
				take(&log, *c);
			if (*c != ' ')
				strcat(all, log.running);
		}
		assert_string_equal(all, rows[i].running);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_barrier_has_everything_before_and_nothing_after),
	};

	return cmocka_run_group_tests_name("backend/blk/order", tests, NULL, NULL);
}
