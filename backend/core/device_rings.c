// SPDX-License-Identifier: MIT
#include "backend/core/device_rings.h"

#include <stdio.h>

void device_rings_init(struct device_rings *rings, unsigned int nr)
{
	rings->nr = nr;
	for (unsigned int i = 0; i < nr; i++)
		journal_init(&rings->ring[i].journal);
}

int device_rings_claim(struct device_rings *rings, const char *path, struct errbuf *err)
{
	char another[256];
	int rc = journal_open(&rings->ring[0].journal, path, err);

	for (unsigned int i = 1; rc == 0 && i < rings->nr; i++) {
		snprintf(another, sizeof(another), "%.240s-%u", path, i);
		rc = journal_open(&rings->ring[i].journal, another, err);
	}
	if (rc)
		device_rings_let_go(rings);
	return rc;
}

bool device_rings_are_claimed(const struct device_rings *rings)
{
	return rings->ring[0].journal.file;
}

/* The claim last: who gets it finds the others free. */
void device_rings_let_go(struct device_rings *rings)
{
	for (unsigned int i = rings->nr; i-- > 0;)
		journal_close(&rings->ring[i].journal);
}

void device_rings_remove(struct device_rings *rings)
{
	for (unsigned int i = rings->nr; i-- > 0;)
		journal_remove(&rings->ring[i].journal);
}

void device_rings_identify(struct device_rings *rings, const struct journal_identity *whose)
{
	for (unsigned int i = 0; i < rings->nr; i++)
		rings->ring[i].identity = *whose;
}

int device_rings_check_clean(const struct device_rings *rings, struct errbuf *err)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < rings->nr; i++)
		rc = journal_check_clean(&rings->ring[i].journal, &rings->ring[i].identity, err);
	return rc;
}

bool device_rings_have_connection(const struct device_rings *rings)
{
	return journal_has_connection(&rings->ring[0].journal);
}

void device_rings_end_connection(struct device_rings *rings)
{
	for (unsigned int i = 0; i < rings->nr; i++)
		journal_end(&rings->ring[i].journal);
}
