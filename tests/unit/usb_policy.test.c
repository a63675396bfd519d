// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/usb/policy.h"
#include "common/base/errbuf.h"

static const struct usb_host_device stick = {
	.path = "3-1", .bus = 3, .number = 2, .vendor = 0x0781, .product = 0x5581, .serial = "ABC",
};
/* An interface of mass storage. */
static const uint8_t descriptors[] = { 9, 4, 0, 0, 2, 8, 6, 0x50, 0 };
static struct errbuf err;

static int read_rules(struct usb_policy *policy, const char *rules)
{
	char path[] = "/tmp/pvring-policy-XXXXXX";
	FILE *file = fdopen(mkstemp(path), "w");
	int rc;

	fputs(rules, file);
	fclose(file);
	rc = usb_policy_read(policy, path, &err);
	unlink(path);
	return rc;
}

static void the_first_rule_that_fits_counts(void **state)
{
	static const struct {
		const char *rules;
		uint32_t domid;
		bool is_allowed;
	} cases[] = {
		{ "", 5, false },
		{ "# nothing\n\n   \n", 5, false },
		{ "allow * *\n", 5, true },
		{ "allow 5 *", 5, true },
		{ "allow 6 *\n", 5, false },
		{ "deny 5 0781:5581\nallow * *\n", 5, false },
		{ "deny 5 0781:5581\nallow * *\n", 6, true },
		{ "allow * 0781:5581:ABC # mine\n", 5, true },
		{ "allow * 0781:5581:ABCD\n", 5, false },
		{ "allow * 0781:5582\n", 5, false },
		{ "allow\t*  3-1\n", 5, true },
		{ "allow * 3-1.1\n", 5, false },
		{ "deny * class:08\nallow * *\n", 5, false },
		{ "deny * class:03\nallow * *\n", 5, true },
		{ "deny * usbredir\nallow * *\n", 5, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usb_policy policy;
		int rc;

		assert_int_equal(read_rules(&policy, cases[i].rules), 0);
		rc = usb_policy_check(&policy, cases[i].domid, &stick, descriptors, sizeof(descriptors), &err);
		if ((rc == 0) != cases[i].is_allowed)
			fail_msg("%s for %u: %d", cases[i].rules, cases[i].domid, rc);
	}
	assert_int_equal(usb_policy_check(&(struct usb_policy){ 0 }, 5, &stick, descriptors, 0, &err), -EACCES);
	assert_string_equal(err.text, "3-1 (0781:5581) may not be given to domain 5: --policy has it so");
}

static void one_of_another_machine_has_no_port_here(void **state)
{
	struct usb_host_device other = { .path = USB_POLICY_REDIR, .vendor = 0x0781, .product = 0x5581 };
	struct usb_policy policy;

	assert_int_equal(read_rules(&policy, "deny 5 usbredir\nallow * 0781:5581\n"), 0);
	assert_int_equal(usb_policy_check(&policy, 5, &other, descriptors, 0, &err), -EACCES);
	assert_int_equal(usb_policy_check(&policy, 6, &other, descriptors, 0, &err), 0);
}

static void what_is_no_rule_is_told_by_its_line(void **state)
{
	static const struct {
		const char *rules, *expected;
	} cases[] = {
		{ "allow * *\npermit * *\n", "line 2: expected allow|deny GUEST DEVICE" },
		{ "allow *\n", "line 1: expected allow|deny GUEST DEVICE" },
		{ "allow * * *\n", "line 1: expected allow|deny GUEST DEVICE" },
		{ "allow guest *\n", "line 1: 'guest' is not a guest" },
		{ "allow 99999 *\n", "line 1: '99999' is not a guest" },
		{ "\n\nallow * stick\n", "line 3: 'stick' is not a device" },
		{ "allow * class:8\n", "line 1: 'class:8' is not a device" },
		{ "allow * class:xy\n", "line 1: 'class:xy' is not a device" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct usb_policy policy;

		assert_int_equal(read_rules(&policy, cases[i].rules), -EINVAL);
		if (!strstr(err.text, cases[i].expected))
			fail_msg("%s: %s", cases[i].rules, err.text);
	}
	assert_int_equal(usb_policy_read(&(struct usb_policy){ 0 }, "/no/such/file", &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_rule_that_fits_counts),
		cmocka_unit_test(one_of_another_machine_has_no_port_here),
		cmocka_unit_test(what_is_no_rule_is_told_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
