// SPDX-License-Identifier: MIT
/* Frames that another guest lends are copied in batches; one may end in the middle of a frame. */
#include "backend/net/delivery.h"

#include <string.h>

#include "tests/unit/cm.h"

#define NR_FRAMES 12 /* of as many pieces as there can be: more than a batch of copies */
#define BAD_GREF  666

static struct {
	struct queue queue;
	struct net_counters counters;
	struct net_delivery delivery;
	struct net_tx_frame lent[NR_FRAMES];
	struct net_rx_frame frames[NR_FRAMES];
	netif_rx_request_t request;
	uint32_t nr_taken, nr_responded, nr_errors;
} it;

/* ---- what it stands on ----------------------------------------------------------------------------------------- */

bool queue_has_requests(struct queue *queue, uint32_t nr)
{
	return true;
}

const void *queue_take(struct queue *queue, uint32_t *slot)
{
	*slot = it.nr_taken++;
	it.request = (netif_rx_request_t){ .id = *slot, .gref = 1000 + *slot };
	return &it.request;
}

void queue_respond(struct queue *queue, uint32_t slot, const void *response)
{
	netif_rx_response_t answer;

	memcpy(&answer, response, sizeof(answer));
	it.nr_responded++;
	it.nr_errors += answer.status == NETIF_RSP_ERROR;
}

int xengnttab_grant_copy(xengnttab_handle *xgt, uint32_t count, xengnttab_grant_copy_segment_t *segs)
{
	for (uint32_t i = 0; i < count; i++)
		segs[i].status = segs[i].source.foreign.ref == BAD_GREF ? GNTST_bad_gntref : GNTST_okay;
	return 0;
}

/* ---------------------------------------------------------------------------------------------------------------- */

/* Of 65535 bytes in 19 slots: 17 buffers, and hardly a boundary of one where the other has one. */
static void lend(unsigned int i, uint32_t first_gref)
{
	struct net_tx_frame *lent = &it.lent[i];
	uint32_t left = 65535;

	for (lent->nr_slots = 0; lent->nr_slots < NET_TX_MAX_SLOTS; lent->nr_slots++) {
		uint32_t len = left / (NET_TX_MAX_SLOTS - lent->nr_slots);

		lent->slots[lent->nr_slots] = (struct net_tx_slot){ .gref = 1, .len_bytes = len };
		left -= len;
	}
	lent->slots[0].gref = first_gref;
	it.frames[i] = (struct net_rx_frame){ .lent = lent, .lender = 2, .len_bytes = 65535 };
}

static void a_frame_whose_copy_fails_is_the_one_that_fails(void **state)
{
	for (unsigned int bad = 0; bad < NR_FRAMES; bad++) {
		memset(&it, 0, sizeof(it));
		it.delivery = (struct net_delivery){ .queue = &it.queue, .counters = &it.counters.rx };
		for (unsigned int i = 0; i < NR_FRAMES; i++) {
			lend(i, i == bad ? BAD_GREF : 1);
			assert_true(net_delivery_add(&it.delivery, &it.frames[i]));
		}
		net_delivery_run(&it.delivery);
		for (unsigned int i = 0; i < NR_FRAMES; i++)
			assert_int_equal(it.frames[i].has_failed, i == bad);
		assert_int_equal(it.nr_responded, it.nr_taken);
		assert_int_equal(it.nr_errors, it.frames[bad].nr_parts);
		assert_int_equal(it.counters.rx.nr_frames, NR_FRAMES - 1);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(a_frame_whose_copy_fails_is_the_one_that_fails) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
