// SPDX-License-Identifier: MIT
#include "backend/usb/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/usb/descriptors.h"
#include "common/base/errbuf.h"
#include "common/base/parse.h"

#define CLASS	   "class:"
#define MAX_DOMID  0x7fefU
#define WORDS	   "allow|deny GUEST DEVICE"

static bool parse_device(const char *word, struct usb_rule *rule)
{
	char rest;
	unsigned int class;

	if (strcmp(word, "*") == 0) {
		rule->kind = USB_RULE_ANY;
	} else if (strncmp(word, CLASS, strlen(CLASS)) == 0) {
		rule->kind = USB_RULE_CLASS;
		if (strlen(word) != strlen(CLASS) + 2 || sscanf(word + strlen(CLASS), "%2x%c", &class, &rest) != 1)
			return false;
		rule->class = (uint8_t)class;
	} else {
		rule->kind = USB_RULE_NAME;
		snprintf(rule->name, sizeof(rule->name), "%s", word);
		return strlen(word) < sizeof(rule->name) &&
		       (usb_host_device_is_name(word) || strcmp(word, USB_POLICY_REDIR) == 0);
	}
	return true;
}

static bool parse_guest(const char *word, struct usb_rule *rule)
{
	rule->domid = USB_ANY_GUEST;
	return strcmp(word, "*") == 0 || parse_u32(word, 0, MAX_DOMID, &rule->domid) == 0;
}

/* false: what is wrong is in err. A line without a word is no rule. */
static bool parse_line(struct usb_policy *policy, char *line, struct errbuf *err)
{
	struct usb_rule rule = { .domid = USB_ANY_GUEST };
	char *save, *words[4];
	unsigned int nr = 0;

	line[strcspn(line, "#\n")] = '\0';
	for (char *at = line; nr < 4 && (words[nr] = strtok_r(at, " \t", &save)); at = NULL)
		nr++;
	if (nr == 0)
		return true;
	errbuf_set(err, 0, "expected " WORDS);
	if (nr != 3 || (strcmp(words[0], "allow") != 0 && strcmp(words[0], "deny") != 0))
		return false;
	rule.is_allowed = words[0][0] == 'a';
	errbuf_set(err, 0, "'%.40s' is not a guest: expected its number or *", words[1]);
	if (!parse_guest(words[1], &rule))
		return false;
	errbuf_set(err, 0, "'%.100s' is not a device: expected *, BUS-PORT, VENDOR:PRODUCT[:SERIAL], class:CC or "
			   USB_POLICY_REDIR, words[2]);
	if (!parse_device(words[2], &rule))
		return false;
	errbuf_set(err, 0, "more than %u rules", USB_POLICY_MAX_RULES);
	if (policy->nr == USB_POLICY_MAX_RULES)
		return false;
	policy->rule[policy->nr++] = rule;
	return true;
}

int usb_policy_read(struct usb_policy *policy, const char *path, struct errbuf *err)
{
	FILE *file = fopen(path, "re");
	unsigned int number = 0;
	struct errbuf why;
	char line[512];
	int rc = 0;

	policy->nr = 0;
	if (!file)
		return errbuf_set(err, -errno, "%.200s: %s", path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), file)) {
		number++;
		if (!parse_line(policy, line, &why))
			rc = errbuf_set(err, -EINVAL, "%.200s: line %u: %.250s", path, number, why.text);
	}
	fclose(file);
	return rc;
}

static bool is_named(const char *name, const struct usb_host_device *device)
{
	char identity[160];

	if (strcmp(name, device->path) == 0)
		return true;
	snprintf(identity, sizeof(identity), "%04x:%04x:%s", device->vendor, device->product, device->serial);
	return strncasecmp(name, identity, 9) == 0 && (name[9] == '\0' || strcmp(name + 9, identity + 9) == 0);
}

static bool fits(const struct usb_rule *rule, uint32_t domid, const struct usb_host_device *device,
		 const uint8_t *descriptors, size_t len_bytes)
{
	if (rule->domid != USB_ANY_GUEST && rule->domid != domid)
		return false;
	switch (rule->kind) {
	case USB_RULE_NAME:
		return is_named(rule->name, device);
	case USB_RULE_CLASS:
		return device->class == rule->class || usb_has_class(descriptors, len_bytes, rule->class);
	case USB_RULE_ANY:
		break;
	}
	return true;
}

int usb_policy_check(const struct usb_policy *policy, uint32_t domid, const struct usb_host_device *device,
		     const uint8_t *descriptors, size_t len_bytes, struct errbuf *err)
{
	for (unsigned int i = 0; i < policy->nr; i++) {
		if (!fits(&policy->rule[i], domid, device, descriptors, len_bytes))
			continue;
		if (policy->rule[i].is_allowed)
			return 0;
		break;
	}
	return errbuf_set(err, -EACCES, "%s (%04x:%04x) may not be given to domain %u: --policy has it so",
			  device->path, device->vendor, device->product, domid);
}
