// SPDX-License-Identifier: MIT
/* spoil DOMID REF OFFSET OCTETS: writes octets, in hexadecimal, into a page that a guest has granted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <xengnttab.h>

#define PAGE_BYTES 4096

int main(int argc, char **argv)
{
	unsigned int octet;
	xengnttab_handle *gnttab;
	size_t offset;
	char *page;

	if (argc != 5) {
		fprintf(stderr, "spoil: expected DOMID REF OFFSET OCTETS\n");
		return 2;
	}
	offset = strtoul(argv[3], NULL, 0);
	if (offset + strlen(argv[4]) / 2 > PAGE_BYTES) {
		fprintf(stderr, "spoil: %s at %s: expected to end within a page\n", argv[4], argv[3]);
		return 2;
	}
	gnttab = xengnttab_open(NULL, 0);
	if (!gnttab) {
		perror("spoil: xengnttab_open");
		return 1;
	}
	page = xengnttab_map_grant_ref(gnttab, (uint32_t)strtoul(argv[1], NULL, 0), (uint32_t)strtoul(argv[2], NULL, 0),
				       PROT_READ | PROT_WRITE);
	if (!page) {
		perror("spoil: the page cannot be mapped");
		return 1;
	}
	for (const char *at = argv[4]; sscanf(at, "%2x", &octet) == 1; at += 2)
		page[offset++] = (char)octet;
	xengnttab_unmap(gnttab, page, 1);
	xengnttab_close(gnttab);
	return 0;
}
