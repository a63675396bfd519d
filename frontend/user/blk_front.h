/* SPDX-License-Identifier: MIT */
/* What connect.c and blk.c share; callers see blk.h. */
#ifndef FRONTEND_USER_BLK_FRONT_H
#define FRONTEND_USER_BLK_FRONT_H

#include "frontend/user/blk.h"
#include "frontend/user/device.h"
#include "frontend/user/flight.h"
#include "frontend/user/grants.h"
#include "frontend/user/queue.h"

struct blkfront {
	struct blkfront_config config;
	enum blkfront_state state;
	struct errbuf why; /* of CLOSING and BROKEN */
	struct front_device device;
	struct blk_disk disk;
	/* From connect to disconnect. */
	struct front_queue queue[BLKFRONT_MAX_QUEUES];
	uint32_t nr_queues;
	uint32_t first_queue; /* whose answers are taken first, in turn */
	struct grant_pool buffers; /* pages_per_io for each: its data, and pages for segments if they need some */
	uint32_t pages_per_io;
	struct blk_segment *segment; /* [buffer_pages]: of the request that is being made */
	uint32_t nr_buffers;
	struct blkfront_io *io;	   /* [nr_buffers] */
	struct flight *flight;	   /* [nr_buffers]: io[i] is out as flight[i] */
	struct blkfront_io **free; /* a stack, so that few buffers stay warm when few are in use */
	uint32_t nr_free, nr_out;
};

#endif
