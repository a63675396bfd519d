// SPDX-License-Identifier: MIT
/* Large packets are cut, and put together again by what their headers say. */
#include "tests/unit/cm.h"

#include <string.h>

#include "common/base/random.h"
#include "common/wire/big_endian.h"
#include "common/wire/segment.h"

#define MAX_BYTES 65535

static uint8_t frame[MAX_BYTES], out[MAX_BYTES], stream[MAX_BYTES];

struct shape {
	const char *name;
	bool is_v6, has_vlan, has_options;
};

static const struct shape shapes[] = {
	{ "IPv4", false, false, false },
	{ "IPv4 with options and a VLAN tag", false, true, true },
	{ "IPv6", true, false, false },
	{ "IPv6 with options and a VLAN tag", true, true, true },
};

/* Every flag is set. The length of the frame. */
static uint32_t make(const struct shape *shape, uint32_t payload)
{
	uint8_t *ip = frame + (shape->has_vlan ? 18 : 14);
	uint8_t *tcp = ip + (shape->is_v6 ? 40 : shape->has_options ? 24 : 20);
	uint32_t headers = tcp - frame + (shape->has_options ? 32 : 20);

	memset(frame, 0, headers);
	if (shape->has_vlan)
		put16(frame + 12, 0x8100);
	put16(ip - 2, shape->is_v6 ? 0x86dd : 0x0800);
	ip[0] = shape->is_v6 ? 0x60 : 0x40 | (tcp - ip) / 4;
	ip[shape->is_v6 ? 6 : 9] = INET_TCP;
	memcpy(ip + 12, "\1\2\3\4\5\6\7\x08", 8);
	if (!shape->is_v6)
		put16(ip + 4, 0xfffe);
	put32(tcp + 4, 0xfffffff0);
	tcp[12] = (frame + headers - tcp) / 4 << 4;
	tcp[13] = 0xff;
	for (uint32_t i = 0; i < payload; i++)
		frame[headers + i] = i * 7 + i / 256;
	return headers + payload;
}

static void check_ip(const struct shape *shape, const uint8_t *ip, uint32_t bytes, unsigned int index)
{
	uint32_t sum = 0;

	if (shape->is_v6) {
		assert_int_equal(get16(ip + 4), bytes - 40);
		return;
	}
	assert_int_equal(get16(ip + 2), bytes);
	assert_int_equal(get16(ip + 4), (0xfffe + index) & 0xffff);
	for (int i = 0; i < (ip[0] & 15) * 4; i += 2)
		sum += get16(ip + i);
	assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
}

static void check(const struct shape *shape, uint32_t payload, uint16_t size)
{
	uint32_t len = make(shape, payload), seen = 0, bytes;
	struct inet_frame parsed, of_segment;
	unsigned int nr;

	assert_true(inet_parse(frame, len, &parsed));
	nr = segment_count(len, &parsed, size);
	assert_int_equal(nr, payload ? (payload + size - 1) / size : 1);
	for (unsigned int i = 0; i < nr; i++) {
		bytes = segment_cut(frame, len, &parsed, size, i, out);
		assert_true(bytes <= (uint32_t)parsed.headers_bytes + size);
		assert_true(inet_parse(out, bytes, &of_segment));
		assert_memory_equal(&parsed, &of_segment, sizeof(parsed));
		assert_true(inet_checksum_is_right(out, bytes, &of_segment));
		check_ip(shape, out + parsed.l3_offset, bytes - parsed.l3_offset, i);
		assert_int_equal(get32(out + parsed.l4_offset + 4), 0xfffffff0 + seen);
		assert_int_equal(out[parsed.l4_offset + 13], 0xff & ~(i ? 0x80 : 0) & ~(i + 1 < nr ? 0x09 : 0));
		memcpy(stream + seen, out + parsed.headers_bytes, bytes - parsed.headers_bytes);
		seen += bytes - parsed.headers_bytes;
	}
	assert_int_equal(seen, payload);
	assert_memory_equal(stream, frame + parsed.headers_bytes, payload);
}

static void segments_are_the_packet(void **state)
{
	uint64_t random = 1;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		print_message("# %s\n", shapes[i].name);
		check(&shapes[i], 0, 1448);
		check(&shapes[i], 1, 1);
		check(&shapes[i], 1448, 1448);
		check(&shapes[i], 1449, 1448);
		check(&shapes[i], 65000, 65000);
		check(&shapes[i], 3000, 1);
		for (int n = 0; n < 200; n++)
			check(&shapes[i], random_below(&random, 65400), 1 + random_below(&random, 9000));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(segments_are_the_packet) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
