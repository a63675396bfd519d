/* SPDX-License-Identifier: MIT */
/*
 * What front.h is of a disk: its nodes, its requests, and what the suite's disks hold.
 */
#ifndef TESTS_CONFORM_PEER_FRONT_DISK_H
#define TESTS_CONFORM_PEER_FRONT_DISK_H

#include "common/wire/xen_blkif.h"
#include "tests/conform/peer/front.h"

#define FRONT_DATA_PAGES 64
#define FRONT_NO_ANSWER  100 /* instead of a status */

extern const struct front_class front_disk_class;

/* Where a ring and its port are, in that folder of the device's directory: "", or "queue-N/". */
void front_write_ring(struct front *front, const char *folder, const struct front *of);

/* As it should be: nr_segments whole pages, from front_page(0) on; the id is the index it will have. */
struct blk_request front_request(struct front *front, uint8_t operation, uint64_t sector, unsigned int nr_segments);
void front_put(struct front *front, const struct blk_request *request);
/* As many as the ring takes, with all pages. */
void front_fill_ring(struct front *front, uint8_t operation);
/* false: none in that time. */
bool front_take(struct front *front, struct blk_response *response, unsigned int ms);
/* One request and its answer's status, or FRONT_NO_ANSWER. */
int front_do(struct front *front, const struct blk_request *request);

/* ---- the disk's contents, as the suite makes them: every sector says which it is ---- */
void pattern_fill(uint8_t *bytes, uint64_t sector, unsigned int nr_sectors);
bool pattern_is(const uint8_t *bytes, uint64_t sector, unsigned int nr_sectors);

#endif
