// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both halves of the ring as a kernel module sees them: compiled beside the kernel's own Xen headers, with the
 * kernel's barriers and warnings, and linked, so that no symbol is missing. Built, never loaded.
 */
#include <linux/module.h>
#include <linux/build_bug.h>
#include <xen/interface/io/ring.h>
#include <xen/interface/io/blkif.h>
#include <xen/interface/io/netif.h>

#include "common/ring/back.h"
#include "common/ring/front.h"

static_assert(sizeof(ring_idx) == sizeof(RING_IDX));
static_assert(sizeof(struct ring_shared) == offsetof(struct blkif_sring, ring));
static_assert(offsetof(struct ring_shared, req_event) == offsetof(struct blkif_sring, req_event));
static_assert(offsetof(struct ring_shared, rsp_prod) == offsetof(struct blkif_sring, rsp_prod));
static_assert(offsetof(struct ring_shared, rsp_event) == offsetof(struct blkif_sring, rsp_event));

static bool agrees_with_kernel(void)
{
	struct ring_layout blk, tx;

	return ring_layout_init(&blk, PAGE_SIZE, sizeof(struct blkif_request), sizeof(struct blkif_response)) &&
	       blk.nr_slots == __CONST_RING_SIZE(blkif, PAGE_SIZE) &&
	       blk.slot_bytes == sizeof(((struct blkif_sring *)0)->ring[0]) &&
	       ring_layout_init(&tx, PAGE_SIZE, sizeof(struct xen_netif_tx_request),
				sizeof(struct xen_netif_tx_response)) &&
	       tx.nr_slots == __CONST_RING_SIZE(xen_netif_tx, PAGE_SIZE) &&
	       tx.slot_bytes == sizeof(((struct xen_netif_tx_sring *)0)->ring[0]);
}

static bool answer_all(struct ring_back *back)
{
	struct blkif_response response = { .status = BLKIF_RSP_OKAY };
	struct blkif_request request;
	enum ring_pop got;

	do {
		while ((got = ring_back_pop(back, &request)) == RING_GOT) {
			response.id = request.u.rw.id;
			ring_back_put(back, &response);
		}
	} while (got == RING_EMPTY && ring_back_final_check(back));
	return ring_back_push(back) && ring_back_unanswered(back) == 0 &&
	       ring_back_response_index(back) == ring_back_req_cons(back);
}

static bool round_trip(void *page, const struct ring_layout *layout)
{
	struct blkif_request request = { .u.rw.id = 7 };
	struct blkif_response response;
	struct ring_front front;
	struct ring_back back;

	ring_front_init(&front, page, layout);
	ring_back_init(&back, page, layout);
	if (!ring_front_put(&front, &request) || !ring_front_push(&front) || !answer_all(&back))
		return false;
	return ring_front_pop(&front, &response) == RING_GOT && response.id == 7 && !ring_front_final_check(&front) &&
	       ring_front_attach(&front, page, layout, 1, 1) && ring_back_attach(&back, page, layout, 1, 1) &&
	       ring_shared_req_prod(page) == ring_shared_rsp_prod(page);
}

static int __init ring_check_init(void)
{
	struct ring_layout layout;
	unsigned long page = get_zeroed_page(GFP_KERNEL);
	int rc = -EINVAL;

	if (!page)
		return -ENOMEM;
	if (agrees_with_kernel() && ring_layout_init(&layout, PAGE_SIZE, sizeof(struct blkif_request),
						     sizeof(struct blkif_response)) &&
	    round_trip((void *)page, &layout))
		rc = 0;
	free_page(page);
	return rc;
}

static void __exit ring_check_exit(void)
{
}

module_init(ring_check_init);
module_exit(ring_check_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("compiles pvring's ring headers in the kernel");
