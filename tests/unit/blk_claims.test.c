// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/claims.h"
#include "common/base/container.h"

/*
 * Writes are letters, an upper-case one writes back. "a03" takes a, from 0 to 3; "-a" is its end; what goes after each
 * step is listed, so that a row reads like a log.
 */
static const struct {
	const char *name, *script, *going;
} rows[] = {
	{ "whole ones go beside each other, wherever they are", "a03 b03 c12 -b d02", "a ab abc ac acd" },
	{ "one that writes back waits for a whole one", "a03 B01 -a", "a a B" },
	{ "and a whole one for it", "A01 b03 -A", "A A b" },
	{ "and one that writes back for another", "A01 B01 C01 -A -B", "A A A B C" },
	{ "side by side they do not meet", "A01 B12 c24 -B -A", "A AB ABc Ac c" },
	{ "what meets nobody goes at once", "A01 B01 c12 D23", "A A Ac AcD" },
	{ "for all that are before it", "a01 b12 c23 D03 -c -a -b", "a ab abc abc ab b D" },
	{ "nobody goes past one that waits", "a02 B12 c13 -a -B", "a a a B c" },
	{ "but who meets only what goes does not wait for it", "a02 B12 c01 -a", "a a ac cB" },
	{ "many wait for one, and go in the order in which they came", "A04 b01 C12 d23 -A", "A A A A bCd" },
	{ "the end of what was alone is nothing to those after it", "A01 -A b01 c01", "A  b bc" },
};

struct scene {
	struct claims claims;
	struct claim claim[32];
	char going[33];
};

static struct scene scene;

static void go(struct claim *claim)
{
	char letter = (claim->writes_back ? '@' : '`') + (claim - scene.claim);

	strncat(scene.going, &letter, 1);
}

static void end(char letter)
{
	char *at = strchr(scene.going, letter);

	assert_non_null(at);
	memmove(at, at + 1, strlen(at));
	claims_release(&scene.claims, &scene.claim[letter & 31], go);
}

static void take(const char *letters)
{
	struct claim *claim = &scene.claim[letters[0] & 31];

	*claim = (struct claim){
		.from_bytes = letters[1] - '0',
		.to_bytes = letters[2] - '0',
		.writes_back = letters[0] < 'a',
	};
	if (claims_take(&scene.claims, claim))
		go(claim);
}

static void who_writes_back_is_alone_and_nobody_waits_for_those_who_come_later(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char all[256] = "";

		print_message("# %s\n", rows[i].name);
		memset(&scene, 0, sizeof(scene));
		claims_init(&scene.claims);
		for (const char *c = rows[i].script; *c; c++) {
			if (*c == ' ') {
				strcat(all, " ");
				continue;
			}
			if (*c == '-') {
				end(*++c);
			} else {
				take(c);
				c += 2;
			}
			strcat(all, scene.going);
		}
		assert_string_equal(all, rows[i].going);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_writes_back_is_alone_and_nobody_waits_for_those_who_come_later),
	};

	return cmocka_run_group_tests_name("backend/blk/claims", tests, NULL, NULL);
}
