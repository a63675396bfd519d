// SPDX-License-Identifier: MIT
#include "backend/core/device_rings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void device_rings_init(struct device_rings *rings)
{
	rings->nr = 1;
	rings->nr_named = 0;
	for (unsigned int i = 0; i < DEVICE_MAX_RINGS; i++)
		journal_init(&rings->ring[i].journal);
}

void device_rings_path_of(const struct device_rings *rings, const char *ending, char path[256])
{
	snprintf(path, 256, "%.230s-%.20s", rings->ring[0].journal.path, ending);
}

static void path_of_another(const struct device_rings *rings, unsigned int i, char path[256])
{
	char number[16];

	snprintf(number, sizeof(number), "%u", i);
	device_rings_path_of(rings, number, path);
}

int device_rings_claim(struct device_rings *rings, const char *path, struct errbuf *err)
{
	int rc = journal_open(&rings->ring[0].journal, path, err);

	rings->nr_named = rc == 0;
	return rc;
}

bool device_rings_are_claimed(const struct device_rings *rings)
{
	return rings->nr_named > 0;
}

/* The claim last: who gets it finds the others free. */
void device_rings_let_go(struct device_rings *rings)
{
	while (rings->nr_named > 0)
		journal_close(&rings->ring[--rings->nr_named].journal);
}

/* Those of a daemon before us, too. */
void device_rings_remove(struct device_rings *rings)
{
	char path[256];

	if (!device_rings_are_claimed(rings))
		return;
	for (unsigned int i = DEVICE_MAX_RINGS; i-- > 1;) {
		path_of_another(rings, i, path);
		(void)unlink(path);
	}
	while (rings->nr_named > 1)
		journal_close(&rings->ring[--rings->nr_named].journal);
	journal_remove(&rings->ring[0].journal);
	rings->nr_named = 0;
}

void device_rings_identify(struct device_rings *rings, const struct journal_identity *whose)
{
	rings->nr = 1;
	for (unsigned int i = 0; i < DEVICE_MAX_RINGS; i++)
		rings->ring[i].identity = *whose;
}

int device_rings_use(struct device_rings *rings, unsigned int nr, struct errbuf *err)
{
	char path[256];

	rings->nr = nr;
	for (; rings->nr_named < nr; rings->nr_named++) {
		int rc;

		path_of_another(rings, rings->nr_named, path);
		rc = journal_open(&rings->ring[rings->nr_named].journal, path, err);
		if (rc) /* it is of who had the claim: not quite gone yet */
			return rc == -EBUSY ? -EAGAIN : rc;
	}
	return 0;
}

bool device_rings_are_same(const struct device_rings *rings, const struct device_rings *others)
{
	if (rings->nr != others->nr)
		return false;
	for (unsigned int i = 0; i < rings->nr; i++) {
		if (memcmp(&rings->ring[i].identity, &others->ring[i].identity, sizeof(others->ring[i].identity)) != 0)
			return false;
	}
	return true;
}

int device_rings_check(const struct device_rings *rings, struct errbuf *err)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < rings->nr; i++)
		rc = journal_check(&rings->ring[i].journal, &rings->ring[i].identity, err);
	return rc;
}

void device_rings_give_up_journals(struct device_rings *rings)
{
	for (unsigned int i = 0; i < rings->nr; i++)
		rings->ring[i].journal.is_given_up = true;
}

uint32_t device_rings_nr_resumed(const struct device_rings *rings)
{
	uint32_t nr = 0;

	for (unsigned int i = 0; i < rings->nr; i++)
		nr += rings->ring[i].journal.nr_resumed;
	return nr;
}

uint32_t device_rings_nr_abandoned(const struct device_rings *rings)
{
	uint32_t nr = 0;

	for (unsigned int i = 0; i < rings->nr; i++)
		nr += rings->ring[i].journal.nr_abandoned;
	return nr;
}

bool device_rings_have_connection(const struct device_rings *rings)
{
	return journal_has_connection(&rings->ring[0].journal);
}

void device_rings_end_connection(struct device_rings *rings)
{
	for (unsigned int i = 0; i < rings->nr_named; i++)
		journal_end(&rings->ring[i].journal);
}
