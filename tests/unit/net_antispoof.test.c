// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "backend/net/antispoof.h"

/* The vif's: 10.0.0.2, 10.1.0.0/16, fd00::2. A frame is put together from these. */
#define MAC	 "\x02\0\0\0\0\2"
#define OTHER	 "\x02\0\0\0\0\1"
#define MACS	 OTHER MAC
#define VLAN	 "\x81\0\0\5"
#define SERVICE	 "\x88\xa8\0\7"
#define V4	 "\x08\0"
#define V6	 "\x86\xdd"
#define ARP	 "\x08\6"
#define OURS4	 "\x0a\0\0\2"
#define NET4	 "\x0a\1\x80\1"
#define OTHERS4	 "\x0a\0\0\1"
#define NONE4	 "\0\0\0\0"
#define OURS6	 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"
#define OTHERS6	 "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define LOCAL6	 "\xfe\x80\0\0\0\0\0\0\0\0\0\xff\xfe\0\0\2"
#define ROUTER6	 "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define NONE6	 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NODES6	 "\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\1"

#define IP4(source, fragment, protocol) "\x45\0\0\x20\0\1" fragment "\x40" protocol "\0\0" source "\x0a\0\0\1"
#define UDP(from, to)			"\0" from "\0" to "\0\x0c\0\0data"
#define IP6(source, next)		"\x60\0\0\0\0\x20" next "\xff" source NODES6
#define ICMP6(type, target)		type "\0\0\0\0\0\0\0" target
#define ARP_OF(mac, sender, target)	"\0\1\x08\0\6\4\0\1" mac sender "\0\0\0\0\0\0" target
/* As a router alert, which multicast listener reports have; then ICMPv6. */
#define ALERT	 "\x3a\0\5\2\0\0\1\0"

#define WHOLE4	   "\0\0"
#define NA	   "\x88"
#define NS	   "\x87"
#define RS	   "\x85"
#define RA	   "\x86"
#define REPORT2	   "\x8f"
#define ECHO	   "\x80"
#define IS_ICMP6   "\x3a"
#define IS_UDP	   "\x11"

#define BAD_MAC	 "not from the MAC address of the vif"
#define BAD_IP	 "not from an IP address of the vif"
#define BAD_ARP	 "ARP for an address that the vif does not have"
#define BAD_ND	 "neighbour discovery for an address that the vif does not have"
#define CUT_OFF	 "not all of the headers that its sender is looked for in"
#define UNKNOWN	 "neither IP nor ARP, so that nobody knows whose it is"
#define GOOD	 NULL

#define FRAME(bytes) bytes, sizeof(bytes) - 1

static const struct {
	const char *name, *bytes;
	size_t len;
	const char *why;
	size_t needs; /* bytes, without which it is not let through; 0: it is not in any case */
} rows[] = {
	/* MAC */
	{ "from another's MAC address", FRAME(MAC OTHER V4 IP4(OURS4, WHOLE4, IS_UDP) UDP("\1", "\2")), BAD_MAC, 0 },
	/* IPv4 */
	{ "IPv4", FRAME(MACS V4 IP4(OURS4, WHOLE4, IS_UDP) UDP("\1", "\2")), GOOD, 34 },
	{ "IPv4 of a prefix", FRAME(MACS V4 IP4(NET4, WHOLE4, "\1") "ping"), GOOD, 34 },
	{ "IPv4 of another", FRAME(MACS V4 IP4(OTHERS4, WHOLE4, IS_UDP) UDP("\1", "\2")), BAD_IP, 0 },
	{ "behind a VLAN tag", FRAME(MACS VLAN V4 IP4(OURS4, WHOLE4, "\1")), GOOD, 38 },
	{ "of another behind a VLAN tag", FRAME(MACS VLAN V4 IP4(OTHERS4, WHOLE4, "\1")), BAD_IP, 0 },
	{ "of another behind two", FRAME(MACS SERVICE VLAN V4 IP4(OTHERS4, WHOLE4, "\1")), BAD_IP, 0 },
	{ "behind nine", FRAME(MACS VLAN VLAN VLAN VLAN VLAN VLAN VLAN VLAN VLAN V4 IP4(OURS4, WHOLE4, "\1")), UNKNOWN,
	  0 },
	{ "a later fragment", FRAME(MACS V4 IP4(OURS4, "\0\1", IS_UDP) "data"), GOOD, 34 },
	{ "a later fragment of another", FRAME(MACS V4 IP4(OTHERS4, "\0\1", IS_UDP) "data"), BAD_IP, 0 },
	{ "DHCP", FRAME(MACS V4 IP4(NONE4, WHOLE4, IS_UDP) UDP("\x44", "\x43")), GOOD, 42 },
	{ "what a DHCP server says", FRAME(MACS V4 IP4(NONE4, WHOLE4, IS_UDP) UDP("\x43", "\x44")), BAD_IP, 0 },
	{ "DHCP in fragments", FRAME(MACS V4 IP4(NONE4, "\x20\0", IS_UDP) UDP("\x44", "\x43")), BAD_IP, 0 },
	{ "0.0.0.0 with something else", FRAME(MACS V4 IP4(NONE4, WHOLE4, "\1") "\0\x44\0\x43\0\x0c\0\0data"), BAD_IP,
	  0 },
	{ "IPv4 that says it is 6", FRAME(MACS V4 "\x65\0\0\x20\0\1\0\0\x40\1\0\0" OURS4 OTHERS4), CUT_OFF, 0 },
	{ "IPv4 with a header of 16 bytes", FRAME(MACS V4 "\x44\0\0\x20\0\1\0\0\x40\1\0\0" OURS4 OTHERS4), CUT_OFF, 0 },
	/* ARP */
	{ "ARP", FRAME(MACS ARP ARP_OF(MAC, OURS4, OTHERS4)), GOOD, 42 },
	{ "ARP behind a VLAN tag", FRAME(MACS VLAN ARP ARP_OF(MAC, OURS4, OTHERS4)), GOOD, 46 },
	{ "ARP of another", FRAME(MACS ARP ARP_OF(MAC, OTHERS4, OURS4)), BAD_ARP, 0 },
	{ "ARP that gives another's MAC address", FRAME(MACS ARP ARP_OF(OTHER, OURS4, OTHERS4)), BAD_ARP, 0 },
	{ "an ARP probe", FRAME(MACS ARP ARP_OF(MAC, NONE4, OURS4)), GOOD, 42 },
	{ "an ARP probe of another's address", FRAME(MACS ARP ARP_OF(MAC, NONE4, OTHERS4)), BAD_ARP, 0 },
	{ "ARP with other addresses than Ethernet's",
	  FRAME(MACS ARP "\0\6\x08\0\6\4\0\1" MAC OURS4 "\0\0\0\0\0\0" OTHERS4), BAD_ARP, 0 },
	{ "ARP with other addresses than IPv4's",
	  FRAME(MACS ARP "\0\1\x08\0\6\6\0\1" MAC OURS4 "\0\0\0\0\0\0" OTHERS4), BAD_ARP, 0 },
	/* IPv6 */
	{ "IPv6", FRAME(MACS V6 IP6(OURS6, IS_UDP) UDP("\1", "\2")), GOOD, 54 },
	{ "the link-local address of its MAC address", FRAME(MACS V6 IP6(LOCAL6, IS_UDP) UDP("\1", "\2")), GOOD, 54 },
	{ "IPv6 of another", FRAME(MACS V6 IP6(OTHERS6, IS_UDP) UDP("\1", "\2")), BAD_IP, 0 },
	{ "another link-local address", FRAME(MACS V6 IP6(ROUTER6, IS_ICMP6) ICMP6(RA, OURS6)), BAD_IP, 0 },
	{ "of another behind a VLAN tag", FRAME(MACS VLAN V6 IP6(OTHERS6, IS_UDP) UDP("\1", "\2")), BAD_IP, 0 },
	{ ":: with UDP", FRAME(MACS V6 IP6(NONE6, IS_UDP) UDP("\1", "\2")), BAD_IP, 0 },
	{ ":: in fragments", FRAME(MACS V6 IP6(NONE6, "\x2c") "\x11\0\0\1\0\0\0\1" UDP("\1", "\2")), BAD_IP, 0 },
	{ "IPv6 that says it is 4", FRAME(MACS V6 "\x40\0\0\0\0\x20\x3b\xff" OURS6 NODES6), CUT_OFF, 0 },
	{ "with nothing in it", FRAME(MACS V6 IP6(OURS6, "\x3b")), GOOD, 54 },
	/* ICMPv6 */
	{ "an echo request", FRAME(MACS V6 IP6(OURS6, IS_ICMP6) ICMP6(ECHO, "data")), GOOD, 55 },
	{ "an echo request from ::", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(ECHO, "data")), BAD_IP, 0 },
	{ "an advertisement", FRAME(MACS V6 IP6(OURS6, IS_ICMP6) ICMP6(NA, OURS6)), GOOD, 78 },
	{ "one from the link-local address", FRAME(MACS V6 IP6(LOCAL6, IS_ICMP6) ICMP6(NA, OURS6)), GOOD, 78 },
	{ "one of that address", FRAME(MACS V6 IP6(OURS6, IS_ICMP6) ICMP6(NA, LOCAL6)), GOOD, 78 },
	{ "one of another's address", FRAME(MACS V6 IP6(OURS6, IS_ICMP6) ICMP6(NA, OTHERS6)), BAD_ND, 0 },
	{ "one of the router's", FRAME(MACS V6 IP6(LOCAL6, IS_ICMP6) ICMP6(NA, ROUTER6)), BAD_ND, 0 },
	{ "one behind a header", FRAME(MACS V6 IP6(OURS6, "\0") ALERT ICMP6(NA, OTHERS6)), BAD_ND, 0 },
	{ "one behind three",
	  FRAME(MACS V6 IP6(OURS6, "\0") "\x3c\0\0\0\0\0\0\0"
					 "\x2b\0\0\0\0\0\0\0"
					 "\x3a\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0" ICMP6(NA, OTHERS6)),
	  BAD_ND, 0 },
	{ "one behind an atomic fragment", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x3a\0\0\0\0\0\0\1" ICMP6(NA, OTHERS6)),
	  BAD_ND, 0 },
	{ "a solicitation for anybody", FRAME(MACS V6 IP6(OURS6, IS_ICMP6) ICMP6(NS, OTHERS6)), GOOD, 55 },
	{ "duplicate address detection", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(NS, OURS6)), GOOD, 78 },
	{ "of the link-local address", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(NS, LOCAL6)), GOOD, 78 },
	{ "of another's address", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(NS, OTHERS6)), BAD_ND, 0 },
	{ "an advertisement from ::", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(NA, OURS6)), BAD_IP, 0 },
	{ "a router solicitation from ::", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(RS, "")), GOOD, 55 },
	{ "a router advertisement from ::", FRAME(MACS V6 IP6(NONE6, IS_ICMP6) ICMP6(RA, "")), BAD_IP, 0 },
	{ "a listener report from ::", FRAME(MACS V6 IP6(NONE6, "\0") ALERT ICMP6(REPORT2, "")), GOOD, 63 },
	/* Fragments */
	{ "the first fragment", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x11\0\0\1\0\0\0\1" UDP("\1", "\2")), GOOD, 62 },
	{ "a later one", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x11\0\5\x99\0\0\0\1" "data"), GOOD, 62 },
	{ "a later one of another", FRAME(MACS V6 IP6(OTHERS6, "\x2c") "\x11\0\5\x99\0\0\0\1" "data"), BAD_IP, 0 },
	{ "the first one of a long echo", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x3a\0\0\1\0\0\0\1" ICMP6(ECHO, "data")),
	  GOOD, 63 },
	{ "a later one of it", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x3a\0\5\x99\0\0\0\1" NA "data"), GOOD, 62 },
	{ "the first one of an advertisement", FRAME(MACS V6 IP6(OURS6, "\x2c") "\x3a\0\0\1\0\0\0\1" ICMP6(NA, OURS6)),
	  BAD_ND, 0 },
	{ "the first one of a header that it may be behind",
	  FRAME(MACS V6 IP6(OURS6, "\x2c") "\x3c\0\0\1\0\0\0\1\x3a\0\0\0\0\0\0\0" ICMP6(NA, OTHERS6)), BAD_ND, 0 },
	{ "the first one of another such",
	  FRAME(MACS V6 IP6(OURS6, "\0") "\x2c\0\0\0\0\0\0\0\0\0\0\1\0\0\0\1\x3a\0\0\0\0\0\0\0" ICMP6(NA, OTHERS6)),
	  BAD_ND, 0 },
	/* Something else */
	{ "PPPoE", FRAME(MACS "\x88\x64\x11\0\0\1\0\x20\0\x21" IP4(OURS4, WHOLE4, "\1")), UNKNOWN, 0 },
	{ "IPv4 in 802.2", FRAME(MACS "\0\x28\xaa\xaa\3\0\0\0\x08\0" IP4(OURS4, WHOLE4, "\1")), UNKNOWN, 0 },
	{ "nothing behind the addresses", FRAME(MACS V4), CUT_OFF, 0 },
	{ "a VLAN tag without an end", FRAME(MACS "\x81\0\0"), CUT_OFF, 0 },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static struct net_antispoof of_vif(const char *ip)
{
	struct net_antispoof own = { .mac = { 2, 0, 0, 0, 0, 2 } };
	struct errbuf err;

	assert_int_equal(ip_prefixes_parse(ip, &own.ip, &err), 0);
	return own;
}

#define ADDRESSES "10.0.0.2 10.1.0.0/16 fd00::2"

static void assert_same(const char *why, const char *expected)
{
	if (why && expected)
		assert_string_equal(why, expected);
	else
		assert_ptr_equal(why, expected);
}

static void only_its_own_is_let_through(void **state)
{
	const struct net_antispoof own = of_vif(ADDRESSES);

	for (unsigned int i = 0; i < NR_ROWS; i++) {
		print_message("# %s\n", rows[i].name);
		assert_same(net_antispoof_check(&own, rows[i].bytes, rows[i].len), rows[i].why);
	}
}

/* In memory that ends where the frame does, so that a look beyond shows under ASan. */
static void what_is_cut_off_is_let_through_only_if_its_sender_is_there(void **state)
{
	const struct net_antispoof own = of_vif(ADDRESSES);

	for (unsigned int i = 0; i < NR_ROWS; i++) {
		print_message("# %s\n", rows[i].name);
		for (size_t len = 14; len <= rows[i].len; len++) {
			uint8_t *bytes = malloc(len);

			memcpy(bytes, rows[i].bytes, len);
			assert_int_equal(net_antispoof_check(&own, bytes, len) == NULL,
					 rows[i].needs && len >= rows[i].needs);
			free(bytes);
		}
	}
}

static void without_ip_addresses_only_the_mac_address_is_looked_at(void **state)
{
	const struct net_antispoof own = of_vif("");

	for (unsigned int i = 0; i < NR_ROWS; i++)
		assert_int_equal(net_antispoof_check(&own, rows[i].bytes, rows[i].len) == NULL, i != 0);
}

static void with_addresses_of_one_kind_the_other_is_not_let_through(void **state)
{
	const struct net_antispoof ipv4 = of_vif("0.0.0.0/0"), ipv6 = of_vif("::/0");

	for (unsigned int i = 1; i < NR_ROWS; i++) {
		if (memcmp(rows[i].bytes + 12, V6, 2) == 0 && !memmem(rows[i].bytes, rows[i].len, LOCAL6, 16) &&
		    !memmem(rows[i].bytes, rows[i].len, NONE6, 16))
			assert_non_null(net_antispoof_check(&ipv4, rows[i].bytes, rows[i].len));
		if (memcmp(rows[i].bytes + 12, ARP, 2) == 0)
			assert_non_null(net_antispoof_check(&ipv6, rows[i].bytes, rows[i].len));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_its_own_is_let_through),
		cmocka_unit_test(what_is_cut_off_is_let_through_only_if_its_sender_is_there),
		cmocka_unit_test(without_ip_addresses_only_the_mac_address_is_looked_at),
		cmocka_unit_test(with_addresses_of_one_kind_the_other_is_not_let_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
