/* SPDX-License-Identifier: MIT */
/*
 * What is known of a peer: a file with a line "CASE VERDICT [CLAUSE]" for every case that does not pass, and comments
 * after '#' that say why. A case without a line is expected to pass. The verdict RACE: it fails at times. Where nothing
 * is known of a peer, a WARN is no surprise: what a SHOULD leaves open is the peer's to decide.
 *
 * Where one peer is much like another, a line "include FILE" comes first, and lines that follow replace what FILE says
 * of their cases.
 *
 * Thread: the main thread. Errors: -errno with the line in err; never logs.
 */
#ifndef TESTS_CONFORM_EXPECT_H
#define TESTS_CONFORM_EXPECT_H

#include "common/base/errbuf.h"
#include "tests/conform/report.h"

struct expect; /* NULL: nothing is known, so everything is to pass */

int expect_read(struct expect **expect, const char *path, struct errbuf *err);
void expect_free(struct expect *expect);
bool expect_is(const struct expect *expect, const struct result *result);

#endif
