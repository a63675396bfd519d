// SPDX-License-Identifier: MIT
/*
 * A node that somebody else has written, read as each of the types that there are. What holds:
 *
 * - a number is accepted if, and only if, it is digits alone and in its range; a text if, and only if, it fits and has
 *   no control characters; nothing else is written then;
 * - what is refused has a reason that names the node, on one line, with nothing in it that a terminal would obey;
 * - the texts that mean something (a protocol, a disk's name, what is behind a vif) are read, or refused with a reason.
 */
#include "common/wire/blk.h"
#include "common/wire/null_frames.h"
#include "common/wire/usb.h"
#include "common/wire/vdev.h"
#include "common/base/ip_prefix.h"
#include "common/base/parse.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/xenbus_fake.h"
#include "xenbus/node.h"

#define DIR  "/local/domain/1/device/vbd/51712"
#define PATH DIR "/n"

static struct xb_store store;

static void check_reason(const struct errbuf *err, const char *named)
{
	assert(strncmp(err->text, named, strlen(named)) == 0 && strlen(err->text) < sizeof(err->text) - 1);
	for (const char *at = err->text; *at; at++)
		assert((unsigned char)*at >= 0x20 && *at != 0x7f);
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* By hand, and so wide that nothing wraps. */
static bool is_number(const uint8_t *value, size_t len, unsigned __int128 min, unsigned __int128 max,
		      unsigned __int128 *number)
{
	const unsigned __int128 too_much = (unsigned __int128)1 << 100;

	*number = 0;
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return false;
		if (*number < too_much)
			*number = *number * 10 + (value[i] - '0');
	}
	return len > 0 && *number >= min && *number <= max;
}

static void check_u64(const uint8_t *value, size_t len, uint64_t min, uint64_t max)
{
	unsigned __int128 expected;
	struct errbuf err = { "" };
	uint64_t number = 77;
	bool is_ok = xb_read_u64(&store, DIR, "n", min, max, &number, &err) == 0;

	assert(is_ok == is_number(value, len, min, max, &expected));
	assert(number == (is_ok ? expected : 77));
	if (!is_ok)
		check_reason(&err, PATH ": ");
}

static void check_u32(const uint8_t *value, size_t len)
{
	unsigned __int128 expected;
	struct errbuf err;
	uint32_t gref = 77, port = 77;
	bool is_gref = xb_read_gref(&store, DIR, "n", &gref, &err) == 0;
	bool is_port = xb_read_port(&store, DIR, "n", &port, &err) == 0;

	assert(is_gref == is_number(value, len, 1, UINT32_MAX, &expected));
	assert(gref == (is_gref ? expected : 77));
	assert(is_port == (is_gref && expected <= 1 << 17) && port == (is_port ? expected : 77));
}

/* ---- texts ----------------------------------------------------------------------------------------------------- */

static void check_meaning(const char *text)
{
	struct ip_prefixes prefixes;
	uint32_t devid, frame_bytes;
	struct errbuf err;
	enum blk_abi abi;
	uint8_t mac[6];
	uint64_t size;

	if (blk_abi_parse(text, &abi, &err) == 0)
		assert(strcmp(text, blk_abi_name(abi)) == 0);
	else
		check_reason(&err, "'");
	if (usb_protocol_check(text, &err))
		check_reason(&err, "'");
	if (net_null_is(text) && net_null_parse(text, &frame_bytes, &err) == 0)
		assert(frame_bytes == 0 || (frame_bytes >= 14 && frame_bytes <= 65535));
	if (ip_prefixes_parse(text, &prefixes, &err) == 0)
		assert(prefixes.nr <= IP_PREFIXES_MAX);
	if (blk_vdev_parse(text, &devid, &err) == 0)
		assert(devid <= INT32_MAX);
	(void)parse_mac(text, mac);
	if (parse_size(text, 10, 1000, &size) == 0)
		assert(size >= 10 && size <= 1000);
}

static void check_string(const uint8_t *value, size_t len, size_t size)
{
	struct errbuf err = { "" };
	char *text = malloc(size);
	bool is_fine = len < size;

	for (size_t i = 0; i < len; i++)
		is_fine = is_fine && value[i] >= 0x20 && value[i] != 0x7f;
	assert((xb_read_string(&store, DIR, "n", text, size, &err) == 0) == is_fine);
	if (is_fine) {
		assert(strlen(text) == len && memcmp(text, value, len) == 0);
		check_meaning(text);
	} else {
		assert(text[0] == '\0');
		check_reason(&err, PATH ": ");
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	uint8_t kind = fuzz_u8(&input);
	uint64_t min = kind & 1 ? fuzz_u64(&input) : 0, max = kind & 2 ? fuzz_u64(&input) : fuzz_u8(&input);
	size_t size = 1 + (kind & 4 ? fuzz_u8(&input) : 63);
	struct errbuf err;

	fake_reset();
	xb_store_init(&store);
	assert(xb_store_open(&store, &err) == 0);
	fake_set_bytes(PATH, input.next, (unsigned int)input.left_bytes);
	check_u64(input.next, input.left_bytes, min, max);
	check_u32(input.next, input.left_bytes);
	check_string(input.next, input.left_bytes, size);
	xb_store_fini(&store);
	for (int i = 0; i < FAKE_NODES; i++)
		fake_drop(i);
	return 0;
}
