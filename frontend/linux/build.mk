# SPDX-License-Identifier: GPL-2.0-only
# The guest's modules, for each kernel whose build directory is in KDIR: those whose headers were fetched, or this
# machine's own. The kernel's make writes beside the sources, so it is given links to them.
fetched-headers = $(wildcard $(O)/xen/root/usr/src/linux-headers-*-amd64)
KDIR            = $(or $(fetched-headers),/lib/modules/$(shell uname -r)/build)

# kbuild TARGET: the kernel's make is no part of ours, and takes O= and V= for its own.
define kbuild
@for headers in $(KDIR); do \
	release=$$(sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $$headers/include/generated/utsrelease.h) || { \
		echo "no headers of a kernel in $$headers: KDIR= says where they are" >&2; exit 1; }; \
	out=$(abspath $(O))/modules/$$release; \
	mkdir -p $$out && cp -rsf $(CURDIR)/frontend/linux/. $$out && \
	env -u MAKEFLAGS -u MFLAGS -u O -u V $(MAKE) -s -C $$headers M=$$out PVRING=$(CURDIR) \
		PVRING_VERSION=$(VERSION) $(1) || exit 1; \
done
endef

modules:                                       ## the guest's kernel modules; KDIR= the build directories of kernels
	$(call kbuild,$(if $(V),V=1) $(KBUILD_ARGS) modules)
modules_install: modules                       ## into $(DESTDIR)/lib/modules/RELEASE/updates
	$(call kbuild,INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates modules_install)
.PHONY: modules modules_install
