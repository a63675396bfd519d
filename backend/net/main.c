// SPDX-License-Identifier: MIT
#include "backend/core/daemon.h"
#include "backend/net/net.h"

static const struct daemon_spec spec = {
	.options = {
		.program = "pvring-netd",
		.synopsis = "[OPTION...]",
		.summary = "Gives Xen guests networks: each vif is a tap device of this domain.",
	},
	.class = &net_class,
	.kernel_driver = "vif",
	.kernel_module = "xen-netback",
};

int main(int argc, char **argv)
{
	return daemon_main(&spec, argc, argv);
}
