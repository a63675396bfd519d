# SPDX-License-Identifier: GPL-2.0-only
# The guest's modules, for each kernel whose build directory is in KDIR: those whose headers were fetched, or this
# machine's own. The kernel's make writes beside the sources, so it is given links to them.
fetched-headers = $(wildcard $(O)/xen/root/usr/src/linux-headers-*-amd64)
KDIR            = $(or $(fetched-headers),/lib/modules/$(shell uname -r)/build)

# kbuild TARGET: the kernel's make is no part of ours, and takes O= and V= for its own. Where headers come with the
# kernel's types (BTF) it would add the module's, by a pahole that Debian 12 does not have: nobody needs those.
define kbuild
@for headers in $(KDIR); do \
	release=$$(sed -n 's/^.define UTS_RELEASE "\(.*\)"/\1/p' $$headers/include/generated/utsrelease.h) || { \
		echo "no headers of a kernel in $$headers: KDIR= says where they are" >&2; exit 1; }; \
	out=$(abspath $(O))/modules/$$release; \
	mkdir -p $$out && cp -rsf $(CURDIR)/frontend/linux/. $$out && \
	env -u MAKEFLAGS -u MFLAGS -u O -u V $(MAKE) -s -j$(shell nproc) -C $$headers M=$$out PVRING=$(CURDIR) \
		PVRING_VERSION=$(VERSION) CONFIG_DEBUG_INFO_BTF_MODULES= $(1) || exit 1; \
done
endef

modules:                                       ## the guest's kernel modules; KDIR= the build directories of kernels
	$(call kbuild,$(if $(V),V=1) $(KBUILD_ARGS) modules)
modules_install: modules                       ## into $(DESTDIR)/lib/modules/RELEASE/updates
	$(call kbuild,INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates modules_install)

# What a guest's owner needs: the sources where DKMS looks for them, and what has our drivers loaded in place of the stock ones.
guest-source = $(DESTDIR)/usr/src/pvring-$(VERSION)
install-guest:                                 ## what a guest needs, for DKMS: see README.md
	install -d $(guest-source)/frontend $(guest-source)/common
	cp -r frontend/linux $(guest-source)/frontend/
	cp -r common/ring $(guest-source)/common/
	sed 's/@version@/$(VERSION)/' frontend/linux/dkms.conf >$(guest-source)/dkms.conf
	install -D -m 644 dist/guest/modprobe.conf $(DESTDIR)/etc/modprobe.d/pvring-guest.conf
	install -D -m 755 dist/guest/initramfs-hook $(DESTDIR)/usr/share/initramfs-tools/hooks/pvring
	install -d $(DESTDIR)$(PREFIX)/share/man/man4
	install -m 644 docs/man/*.4 $(DESTDIR)$(PREFIX)/share/man/man4/
.PHONY: modules modules_install install-guest
