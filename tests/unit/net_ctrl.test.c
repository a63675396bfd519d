// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/ctrl.h"
#include "common/base/errbuf.h"

#define NR_QUEUES 4
#define GREF      8
#define BAD_GREF  9 /* cannot be read */

#define OK        XEN_NETIF_CTRL_STATUS_SUCCESS
#define NOT       XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED
#define INVALID   XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
#define OVERFLOW  XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW

static struct net_state state;
static struct net_ctrl ctrl;
static uint8_t page[4096]; /* the guest's, GREF */
static unsigned int nr_fetched;
static bool is_writable; /* the page */
static struct net_static_job *job; /* what a queue's worker was asked to do */
static unsigned int job_queue;

static bool fetch(void *context, uint32_t gref, void *to, uint16_t len_bytes)
{
	assert_ptr_equal(context, page);
	assert_in_range(len_bytes, 1, sizeof(page)); /* Xen takes a copy of nothing for an error */
	nr_fetched++;
	if (gref != GREF)
		return false;
	memcpy(to, page, len_bytes);
	return true;
}

static bool store(void *context, uint32_t gref, const void *from, uint16_t len_bytes)
{
	assert_ptr_equal(context, page);
	assert_in_range(len_bytes, 1, sizeof(page));
	assert_int_equal(gref, GREF);
	if (is_writable)
		memcpy(page, from, len_bytes);
	return is_writable;
}

static void change(void *context, unsigned int queue, struct net_static_job *asked)
{
	assert_ptr_equal(context, page);
	assert_null(job);
	job = asked;
	job_queue = queue;
}

static int setup(void **unused)
{
	static const struct journal_identity identity = { .kind = "vif" };
	char path[] = "/tmp/pvring-ctrl-XXXXXX";
	struct errbuf err;

	close(mkstemp(path));
	assert_int_equal(net_state_open(&state, path, &err), 0);
	net_state_begin(&state, &identity);
	ctrl = (struct net_ctrl){
		.state = &state,
		.nr_queues = NR_QUEUES,
		.fetch = fetch,
		.store = store,
		.change = change,
		.context = page,
	};
	is_writable = true;
	memset(page, 0, sizeof(page));
	nr_fetched = 0;
	return 0;
}

static int teardown(void **unused)
{
	net_state_remove(&state);
	return 0;
}

static struct net_settings what_holds(void)
{
	struct net_state_view view = { .generation = 0 };

	assert_true(net_state_look(&state, &view));
	return view.settings;
}

static uint32_t result;

static uint32_t ask(uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	struct xen_netif_ctrl_request request = { .id = 77, .type = type, .data = { a, b, c } };
	struct xen_netif_ctrl_response response;

	memset(&response, 0xff, sizeof(response));
	assert_true(net_ctrl_answer(&ctrl, &request, &response));
	assert_int_equal(response.id, 77);
	assert_int_equal(response.type, type);
	result = response.data;
	return response.status;
}

/* What is in the page. */
static void put_entries(uint32_t first, uint32_t nr, uint32_t queue)
{
	for (uint32_t i = first; i < first + nr; i++)
		memcpy(page + i * sizeof(queue), &queue, sizeof(queue));
}

static void a_guest_sets_up_hashing(void **unused)
{
	memset(page, 0xab, NET_HASH_KEY_BYTES);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0), OK);
	assert_int_equal(result, 15);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 15, 0, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, GREF, NET_HASH_KEY_BYTES, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0), OK);
	assert_int_equal(result, 128);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 128, 0, 0), OK);
	put_entries(0, 128, NR_QUEUES - 1);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, GREF, 128, 0), OK);
	assert_int_equal(what_holds().hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ);
	assert_int_equal(what_holds().hash_types, 15);
	assert_int_equal(what_holds().hash_key[NET_HASH_KEY_BYTES - 1], 0xab);
	assert_int_equal(what_holds().nr_mapping, 128);
	assert_int_equal(what_holds().mapping[127], NR_QUEUES - 1);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 0, 0, 0), OK);
	assert_int_equal(what_holds().hash_algorithm, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE);
}

static const struct {
	const char *name;
	uint16_t type;
	uint32_t data[3];
	uint32_t status;
} refused[] = {
	{ "no type", XEN_NETIF_CTRL_TYPE_INVALID, { 0 }, NOT },
	{ "a type that there is none of", 11, { 0 }, NOT },
	{ "the last type", 65535, { 0 }, NOT },
	{ "an algorithm that there is none of", XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, { 2 }, INVALID },
	{ "types that there are none of", XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, { 16 }, INVALID },
	{ "all types there could be", XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, { UINT32_MAX }, INVALID },
	{ "a key that is too long", XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, { GREF, 41 }, OVERFLOW },
	{ "a key of all lengths", XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, { GREF, UINT32_MAX }, OVERFLOW },
	{ "a key of 64 KiB and a bit", XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, { GREF, 65536 + 8 }, OVERFLOW },
	{ "a key that cannot be read", XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, { BAD_GREF, 8 }, INVALID },
	{ "a mapping that is too large", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, { 129 }, INVALID },
	{ "a mapping of all sizes", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, { UINT32_MAX }, INVALID },
	{ "more than the mapping", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 17, 0 }, INVALID },
	{ "the end of more", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 1, 16 }, INVALID },
	{ "nothing, behind the mapping", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 0, 17 }, INVALID },
	{ "more than any mapping", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 129, 0 }, OVERFLOW },
	{ "the end of more than any", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 1, 128 }, OVERFLOW },
	{ "a sum that wraps to 0", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 16, UINT32_MAX - 15 }, OVERFLOW },
	{ "the other way round", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, UINT32_MAX - 15, 16 }, OVERFLOW },
	{ "bytes that wrap", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 1U << 30, 0 }, OVERFLOW },
	{ "a mapping that cannot be read", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { BAD_GREF, 16, 0 }, INVALID },
	{ "a queue that there is none of", XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, { GREF, 16, 0 }, INVALID },
	{ "static grants of no queue", XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, { NR_QUEUES }, INVALID },
	{ "of the last queue", XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, { UINT32_MAX }, INVALID },
	{ "pages for no queue", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { NR_QUEUES, GREF, 1 }, INVALID },
	{ "more of them than a page lists", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { 0, GREF, 513 }, INVALID },
	{ "octets that wrap", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { 0, GREF, 1U << 29 }, INVALID },
	{ "and 64 KiB of them", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { 0, GREF, 8193 }, INVALID },
	{ "a list that cannot be read", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { 0, BAD_GREF, 1 }, INVALID },
	{ "flags that there are none of", XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, { 0, GREF, 512 }, INVALID },
	{ "pages of no queue", XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, { NR_QUEUES, GREF, 1 }, INVALID },
	{ "fewer than a page lists", XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, { 0, GREF, 513 }, INVALID },
	{ "a list that cannot be read, either", XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, { 0, BAD_GREF, 1 }, INVALID },
};

/* Also that what is refused changes nothing. */
static void what_cannot_be_is_refused(void **unused)
{
	struct net_settings before, after;

	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 1, 0, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 16, 0, 0), OK);
	put_entries(0, 16, 1);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, GREF, 16, 0), OK);
	put_entries(0, 15, 2);
	put_entries(15, 1, NR_QUEUES);
	memset(page + sizeof(page) - 8, 0x2, 8); /* the last of a list of static grants */
	before = what_holds();
	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		const uint32_t *data = refused[i].data;

		print_message("# %s\n", refused[i].name);
		assert_int_equal(ask(refused[i].type, data[0], data[1], data[2]), refused[i].status);
		assert_int_equal(result, 0);
		assert_null(job);
		after = what_holds();
		assert_memory_equal(&before, &after, sizeof(before));
	}
}

static void types_go_with_an_algorithm(void **unused)
{
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0), NOT);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, 1, 0, 0), INVALID);
	assert_int_equal(what_holds().hash_types, 0);
}

static void a_new_key_leaves_nothing_of_the_old_one(void **unused)
{
	memset(page, 0xff, sizeof(page));
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, GREF, 40, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, GREF, 1, 0), OK);
	assert_int_equal(what_holds().hash_key[0], 0xff);
	for (unsigned int i = 1; i < 40; i++)
		assert_int_equal(what_holds().hash_key[i], 0);
	nr_fetched = 0;
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, BAD_GREF, 0, 0), OK); /* none: nothing is read */
	assert_int_equal(what_holds().hash_key[0], 0);
	assert_int_equal(nr_fetched, 0);
}

static void a_mapping_is_set_in_parts(void **unused)
{
	put_entries(0, 16, 1);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, GREF, 1, 0), INVALID); /* it has no size yet */
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 16, 0, 0), OK);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, GREF, 16, 0), OK);
	put_entries(0, 16, 2);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, GREF, 2, 14), OK);
	assert_int_equal(what_holds().mapping[13], 1);
	assert_int_equal(what_holds().mapping[14], 2);
	assert_int_equal(what_holds().mapping[15], 2);
	assert_int_equal(what_holds().mapping[16], 0);
	nr_fetched = 0;
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, BAD_GREF, 0, 16), OK); /* nothing, at its end */
	assert_int_equal(nr_fetched, 0);
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 8, 0, 0), OK);
	assert_int_equal(what_holds().mapping[0], 0); /* a new size, a new table */
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, 0, 0, 0), OK);
	assert_int_equal(what_holds().nr_mapping, 0);
}

/* ---- static grants ---- */

static struct xen_netif_ctrl_request asked;

static void ask_later(uint16_t type, uint32_t queue, uint32_t nr)
{
	struct xen_netif_ctrl_response response;

	asked = (struct xen_netif_ctrl_request){ .id = 77, .type = type, .data = { queue, GREF, nr } };
	assert_false(net_ctrl_answer(&ctrl, &asked, &response));
	assert_non_null(job);
	assert_int_equal(job_queue, queue);
	assert_int_equal(job->nr, nr);
	assert_int_equal(job->is_removal, type == XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING);
	assert_memory_equal(job->list, page, nr * sizeof(job->list[0]));
}

static uint32_t finish(bool has_failed)
{
	struct xen_netif_ctrl_response response;

	job->has_failed = has_failed;
	net_ctrl_finish(&ctrl, &asked, job, &response);
	job = NULL;
	assert_int_equal(response.id, 77);
	assert_int_equal(response.type, asked.type);
	result = response.data;
	return response.status;
}

static void put_grefs(uint32_t nr, uint16_t flags)
{
	struct xen_netif_gref *list = (struct xen_netif_gref *)page;

	for (uint32_t i = 0; i < nr; i++)
		list[i] = (struct xen_netif_gref){ .ref = 1000 + i, .flags = flags, .status = 9 };
}

static void a_guest_registers_pages(void **unused)
{
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE, NR_QUEUES - 1, 0, 0), OK);
	assert_int_equal(result, 512);
	put_grefs(512, XEN_NETIF_CTRLF_GREF_readonly);
	ask_later(XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, NR_QUEUES - 1, 512);
	put_grefs(512, 0); /* too late */
	assert_int_equal(job->list[511].flags, XEN_NETIF_CTRLF_GREF_readonly);
	assert_int_equal(finish(false), OK);
	assert_int_equal(result, 0);
	ask_later(XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, 1);
	assert_int_equal(finish(true), INVALID);
	nr_fetched = 0;
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, BAD_GREF, 0), OK); /* nothing */
	assert_int_equal(ask(XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, 0, BAD_GREF, 0), OK);
	assert_int_equal(nr_fetched, 0);
}

static void it_is_told_which_were_removed(void **unused)
{
	const struct xen_netif_gref *list = (const struct xen_netif_gref *)page;

	put_grefs(4, 0xffff); /* of a removal nobody looks at them */
	ask_later(XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, 1, 3);
	for (unsigned int i = 0; i < 3; i++)
		job->list[i].status = i == 1 ? INVALID : OK;
	assert_int_equal(finish(false), OK);
	assert_int_equal(result, 2);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(list[i].ref, 1000 + i);
		assert_int_equal(list[i].flags, 0xffff);
		assert_int_equal(list[i].status, i == 3 ? 9 : i == 1 ? INVALID : OK);
	}
}

static void or_how_many_if_that_is_not_possible(void **unused)
{
	put_grefs(2, 0);
	is_writable = false;
	ask_later(XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, 1, 2);
	job->list[0].status = job->list[1].status = OK;
	assert_int_equal(finish(false), INVALID);
	assert_int_equal(result, 2);
	ask_later(XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING, 1, 2);
	assert_int_equal(finish(true), INVALID); /* its queue is gone: none was */
	assert_int_equal(result, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_guest_sets_up_hashing),
		T(what_cannot_be_is_refused),
		T(types_go_with_an_algorithm),
		T(a_new_key_leaves_nothing_of_the_old_one),
		T(a_mapping_is_set_in_parts),
		T(a_guest_registers_pages),
		T(it_is_told_which_were_removed),
		T(or_how_many_if_that_is_not_possible),
	};

	return cmocka_run_group_tests_name("net_ctrl", tests, NULL, NULL);
}
