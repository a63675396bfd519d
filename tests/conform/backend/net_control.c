// SPDX-License-Identifier: MIT
/* The control ring: what a backend answers to messages, and to those that are out of bounds. */
#include "tests/conform/case.h"

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static struct vif *connected(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif->has_control_ring = true;
	vif_connect(vif, "BUS-21");
	return vif;
}

static void must_say(struct vif *vif, const char *clause, uint32_t status, uint16_t type, uint32_t a, uint32_t b,
		     uint32_t c)
{
	struct xen_netif_ctrl_response response = vif_ask(vif, type, a, b, c);

	MUST(clause, response.status == status, "it answers %u to a message of type %u with %#x %#x %#x, not %u",
	     response.status, type, a, b, c, status);
}

static void must_take(struct vif *vif, uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	must_say(vif, "NET-60", XEN_NETIF_CTRL_STATUS_SUCCESS, type, a, b, c);
}

static void must_not_take(struct vif *vif, uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t status = vif_ask(vif, type, a, b, c).status;

	MUST("NET-63", status == XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER ||
	     status == XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW,
	     "it answers %u to a message of type %u with %#x %#x %#x", status, type, a, b, c);
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

/* More than the ring has slots, one after the other. */
static void answers(struct front *front)
{
	struct vif *vif = connected(front);

	for (unsigned int i = 0; i < 300; i++)
		must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0);
	must_go_on(front, "NET-60");
}

static void unknown_types(struct front *front)
{
	static const uint16_t types[] = { 0, 11, 255, 0xffff };
	struct vif *vif = connected(front);

	for (unsigned int i = 0; i < NR(types); i++)
		must_say(vif, "NET-61", XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED, types[i], 0, 0, 0);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_NONE, 0, 0);
	must_go_on(front, "NET-61");
}

/* What there is of it is taken, and what there is not is refused. */
static void what_there_is(struct front *front)
{
	const uint32_t refused = XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	struct vif *vif = connected(front);
	uint32_t flags, most;

	must_say(vif, "NET-62", refused, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, 2, 0, 0);
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
	flags = vif_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0).data;
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, flags, 0, 0);
	must_say(vif, "NET-62", refused, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, ~flags, 0, 0);
	most = vif_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0).data;
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, most, 0, 0);
	must_say(vif, "NET-62", refused, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, most + 1, 0, 0);
	must_say(vif, "NET-62", refused, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, UINT32_MAX, 0, 0);
	must_go_on(front, "NET-62");
}

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

/* XSA-270: sums that wrap, entries that name no queue, and grants that are none. */
static void mapping_out_of_bounds(struct front *front)
{
	static const uint32_t parts[][2] = { { 1, UINT32_MAX }, { 2, UINT32_MAX }, { UINT32_MAX, 1 },
					     { UINT32_MAX, 0 }, { 1 << 30, 0 }, { 0x40000001, 0xc0000000 } };
	struct vif *vif = connected(front);
	struct loan loan = loan_page(front, false);
	const uint32_t type = XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING;
	uint32_t most = vif_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0).data;
	uint32_t *entries = (uint32_t *)loan.page;

	if (most == 0)
		skip("the backend has no mapping");
	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, most, 0, 0);
	must_take(vif, type, loan.gref, most < 1024 ? most : 1024, 0);
	for (unsigned int i = 0; i < NR(parts); i++)
		must_not_take(vif, type, loan.gref, parts[i][0], parts[i][1]);
	must_not_take(vif, type, loan.gref, 1, most);
	must_not_take(vif, type, loan.gref, most + 1, 0);
	must_not_take(vif, type, 1000000, 1, 0);
	entries[0] = 1; /* there is queue 0 alone */
	must_not_take(vif, type, loan.gref, 1, 0);
	must_go_on(front, "NET-63");
}

static void keys_out_of_bounds(struct front *front)
{
	static const uint32_t sizes[] = { 4097, 65536, 1U << 31, UINT32_MAX };
	struct vif *vif = connected(front);
	struct loan loan = loan_page(front, false);
	const uint32_t type = XEN_NETIF_CTRL_TYPE_SET_HASH_KEY;

	must_take(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0);
	must_take(vif, type, loan.gref, 40, 0);
	must_take(vif, type, loan.gref, 0, 0);
	for (unsigned int i = 0; i < NR(sizes); i++)
		must_not_take(vif, type, loan.gref, sizes[i], 0);
	must_not_take(vif, type, 1000000, 40, 0);
	must_go_on(front, "NET-63");
}

const struct backend_case net_control_cases[] = {
	CASE("control-answers", "NET-60 BUS-21", "messages, one after the other", answers,
	     .needs = "feature-ctrl-ring"),
	CASE("control-unknown", "NET-61 NET-60 BUS-21", "messages of types that there are none of", unknown_types,
	     .needs = "feature-ctrl-ring"),
	CASE("control-what-there-is", "NET-62 NET-60 BUS-21", "algorithms, flags, sizes that there are, and others",
	     what_there_is, .needs = "feature-ctrl-ring"),
	CASE("control-mapping", "NET-63 NET-60 BUS-21", "a mapping out of its bounds", mapping_out_of_bounds,
	     .needs = "feature-ctrl-ring"),
	CASE("control-key", "NET-63 NET-60 BUS-21", "a key out of its bounds", keys_out_of_bounds,
	     .needs = "feature-ctrl-ring"),
	{ .head.name = NULL },
};
