// SPDX-License-Identifier: MIT
#include "tests/conform/scripted_options.h"

#include "xenbus/scan.h"

int scripted_set_domid(void *config, const char *value, struct errbuf *err)
{
	struct scripted_options *options = config;

	return option_u32("domain's number", value, 0, XB_DOMID_MAX, &options->domid, err);
}

int scripted_set_violate(void *config, const char *value, struct errbuf *err)
{
	const struct scripted_options *options = config;

	return violate_choose(options->side, value, err);
}

int scripted_set_list_violations(void *config, const char *value, struct errbuf *err)
{
	((struct scripted_options *)config)->only_lists = true;
	return 0;
}

int scripted_parse(const struct options_spec *spec, int argc, char **argv, struct scripted_options *options)
{
	enum options_result result = options_parse_all(spec, argc, argv, options);

	if (result != OPTIONS_RUN)
		return result == OPTIONS_DONE ? 0 : SCRIPTED_EXIT_USAGE;
	if (!options->only_lists)
		return SCRIPTED_RUN;
	violate_list(options->side);
	return 0;
}
