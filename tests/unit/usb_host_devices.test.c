// SPDX-License-Identifier: MIT
/* A tree such as the kernel's sysfs has. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/usb/host_devices.h"
#include "common/base/errbuf.h"

static char sysfs[] = "/tmp/pvring-sysfs-XXXXXX";
static struct usb_host_device device;
static struct errbuf err;

static void put(const char *path, const char *name, const char *value)
{
	char file[256];
	FILE *out;

	snprintf(file, sizeof(file), "%s/%s/%s", sysfs, path, name);
	out = fopen(file, "w");
	assert_non_null(out);
	fprintf(out, "%s\n", value);
	fclose(out);
}

static void make(const char *path, const char *number, const char *speed, const char *vendor, const char *product,
		 const char *class)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/%s", sysfs, path);
	assert_int_equal(mkdir(dir, 0700), 0);
	put(path, "busnum", "3");
	put(path, "devnum", number);
	put(path, "speed", speed);
	put(path, "idVendor", vendor);
	put(path, "idProduct", product);
	put(path, "bDeviceClass", class);
}

static int setup(void **state)
{
	if (!mkdtemp(sysfs))
		return -1;
	make("usb3", "1", "480", "1d6b", "0002", "09");
	make("3-1", "2", "480", "0781", "5581", "00");
	put("3-1", "serial", "ABC");
	make("3-2", "4", "1.5", "046d", "c077", "00");
	make("3-3", "5", "480", "0424", "2514", "09");
	make("3-3.4", "6", "480", "0781", "5581", "00");
	put("3-3.4", "serial", "DEF");
	make("3-4", "7", "5000", "0781", "5583", "00");
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", sysfs);
	return system(command);
}

static int find(const char *name)
{
	return usb_host_device_find(sysfs, name, &device, &err);
}

static void a_device_is_found_by_its_port(void **state)
{
	assert_int_equal(find("3-3.4"), 0);
	assert_string_equal(device.path, "3-3.4");
	assert_int_equal(device.bus, 3);
	assert_int_equal(device.number, 6);
	assert_int_equal(device.vendor, 0x0781);
	assert_int_equal(device.product, 0x5581);
	assert_string_equal(device.serial, "DEF");
	assert_int_equal(find("3-5"), -ENODEV);
	assert_string_equal(err.text, "3-5: there is no USB device at that port now");
}

static void a_device_is_found_by_what_it_is(void **state)
{
	assert_int_equal(find("046d:c077"), 0);
	assert_string_equal(device.path, "3-2");
	assert_int_equal(find("0781:5581:DEF"), 0);
	assert_string_equal(device.path, "3-3.4");
	assert_int_equal(find("0781:5581:GHI"), -ENODEV);
	assert_int_equal(find("0781:5582"), -ENODEV);
	assert_int_equal(find("0781:5581"), -ENOTUNIQ);
	assert_non_null(strstr(err.text, "are both such: name one by that"));
}

static void what_is_no_name_is_told_what_one_is(void **state)
{
	static const char *const names[] = {
		"",	 "usb3",     "3",	 "3-",	       "-1",	     "3-1.",  "3-1:1.0", "3-1.a",
		"../3-1", "781:5581", "0781:558", "0781:5581x", "0781:55811", "stick",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_false(usb_host_device_is_name(names[i]));
		assert_int_equal(find(names[i]), -EINVAL);
		assert_non_null(strstr(err.text, "expected BUS-PORT (3-1.5), VENDOR:PRODUCT"));
	}
	assert_true(usb_host_device_is_name("13-1.2.3"));
	assert_true(usb_host_device_is_name("0781:5581:"));
}

static void only_what_pv_usb_has_may_go(void **state)
{
	assert_int_equal(find("3-1"), 0);
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), 0);
	assert_int_equal(usb_host_device_speed(&device), USB_SPEED_HIGH);
	assert_int_equal(find("3-2"), 0);
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), 0);
	assert_int_equal(usb_host_device_speed(&device), USB_SPEED_LOW);
	assert_int_equal(find("3-3"), 0);
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), -EPERM);
	assert_non_null(strstr(err.text, "3-3 is a hub"));
	assert_int_equal(find("3-4"), 0);
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "SuperSpeed link of 5000 Mbit/s"));
}

static void make_dir(const char *path)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/%s", sysfs, path);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void what_this_domain_uses_by_a_volume_is_its_own(void **state)
{
	make_dir("3-1/3-1:1.0");
	make_dir("3-1/3-1:1.0/block");
	make_dir("3-1/3-1:1.0/block/pvring-sdz");
	put("3-1/3-1:1.0/block/pvring-sdz", "dev", "511:1");
	make_dir("3-1/3-1:1.0/block/pvring-sdz/holders");
	assert_int_equal(find("3-1"), 0);
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), 0);
	put("3-1/3-1:1.0/block/pvring-sdz/holders", "dm-7", "");
	assert_int_equal(usb_host_device_check(sysfs, &device, &err), -EBUSY);
	assert_string_equal(err.text, "3-1: this domain uses it itself: dm-7 is on it");
}

static void descriptors_are_read_as_they_are(void **state)
{
	uint8_t octets[16];

	put("3-1", "descriptors", "abc");
	assert_int_equal(usb_host_device_descriptors(sysfs, "3-1", octets, sizeof(octets)), 4);
	assert_memory_equal(octets, "abc\n", 4);
	assert_int_equal(usb_host_device_descriptors(sysfs, "3-2", octets, sizeof(octets)), -ENOENT);
}

static char visited[128];

static void visit(const struct usb_host_device *visited_device)
{
	strcat(strcat(visited, visited_device->path), " ");
}

static void all_but_root_hubs_are_listed(void **state)
{
	assert_int_equal(usb_host_devices_list(sysfs, visit, &err), 0);
	assert_string_equal(visited, "3-1 3-2 3-3 3-3.4 3-4 ");
	assert_int_equal(usb_host_devices_list("/no/such/folder", visit, &err), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_is_found_by_its_port),
		cmocka_unit_test(a_device_is_found_by_what_it_is),
		cmocka_unit_test(what_is_no_name_is_told_what_one_is),
		cmocka_unit_test(only_what_pv_usb_has_may_go),
		cmocka_unit_test(what_this_domain_uses_by_a_volume_is_its_own),
		cmocka_unit_test(descriptors_are_read_as_they_are),
		cmocka_unit_test(all_but_root_hubs_are_listed),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
