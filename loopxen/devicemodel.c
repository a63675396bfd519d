// SPDX-License-Identifier: MIT
/* libxendevicemodel: opens, because libxenctrl insists; there is no device to model. */
#include <errno.h>
#include <stdlib.h>

#include "loopxen/lib.h"

struct xendevicemodel_handle {
	uint32_t proc, slot;
};
struct xentoollog_logger;

struct xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags);
int xendevicemodel_close(struct xendevicemodel_handle *dmod);

LIB_EXPORT struct xendevicemodel_handle *xendevicemodel_open(struct xentoollog_logger *logger, unsigned int flags)
{
	struct xendevicemodel_handle *dmod = calloc(1, sizeof(*dmod));
	int rc = dmod ? lib_join(&dmod->proc, &dmod->slot) : -ENOMEM;

	if (rc) {
		free(dmod);
		errno = -rc;
		return NULL;
	}
	return dmod;
}

LIB_EXPORT int xendevicemodel_close(struct xendevicemodel_handle *dmod)
{
	free(dmod);
	return 0;
}

/* Every other entry point has this one body; the callers' arguments go unread. */
#define NOT_SUPPORTED(name)                \
	int name(void);                    \
	LIB_EXPORT int name(void)          \
	{                                  \
		return lib_fail(EOPNOTSUPP); \
	}

NOT_SUPPORTED(xendevicemodel_create_ioreq_server)
NOT_SUPPORTED(xendevicemodel_destroy_ioreq_server)
NOT_SUPPORTED(xendevicemodel_get_ioreq_server_info)
NOT_SUPPORTED(xendevicemodel_inject_event)
NOT_SUPPORTED(xendevicemodel_inject_msi)
NOT_SUPPORTED(xendevicemodel_map_io_range_to_ioreq_server)
NOT_SUPPORTED(xendevicemodel_map_mem_type_to_ioreq_server)
NOT_SUPPORTED(xendevicemodel_map_pcidev_to_ioreq_server)
NOT_SUPPORTED(xendevicemodel_modified_memory)
NOT_SUPPORTED(xendevicemodel_modified_memory_bulk)
NOT_SUPPORTED(xendevicemodel_nr_vcpus)
NOT_SUPPORTED(xendevicemodel_pin_memory_cacheattr)
NOT_SUPPORTED(xendevicemodel_relocate_memory)
NOT_SUPPORTED(xendevicemodel_restrict)
NOT_SUPPORTED(xendevicemodel_set_ioreq_server_state)
NOT_SUPPORTED(xendevicemodel_set_irq_level)
NOT_SUPPORTED(xendevicemodel_set_isa_irq_level)
NOT_SUPPORTED(xendevicemodel_set_mem_type)
NOT_SUPPORTED(xendevicemodel_set_pci_intx_level)
NOT_SUPPORTED(xendevicemodel_set_pci_link_route)
NOT_SUPPORTED(xendevicemodel_shutdown)
NOT_SUPPORTED(xendevicemodel_track_dirty_vram)
NOT_SUPPORTED(xendevicemodel_unmap_io_range_from_ioreq_server)
NOT_SUPPORTED(xendevicemodel_unmap_pcidev_from_ioreq_server)
