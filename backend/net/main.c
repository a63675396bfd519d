// SPDX-License-Identifier: MIT
#include "backend/core/daemon.h"
#include "backend/net/net.h"

static int set_antispoof(void *config, const char *value, struct errbuf *err)
{
	net_policy_config.has_antispoof = true;
	return 0;
}

static const struct option_row rows[] = {
	{ "antispoof", NULL, "drop what a guest sends in another's name: MAC address, IP where the vif has `ip`",
	  set_antispoof },
};

static const struct daemon_spec spec = {
	.options = {
		.program = "pvring-netd",
		.synopsis = "[OPTION...]",
		.summary = "Gives Xen guests networks: each vif is a tap device of this domain.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
	},
	.class = &net_class,
	.kernel_driver = "vif",
	.kernel_module = "xen-netback",
};

int main(int argc, char **argv)
{
	return daemon_main(&spec, argc, argv);
}
