# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests/vm/image: what single tests take into their dom0, or their guests, beside the base. A test names them in
# `extras` and `guest_extras`.

put_extras() { # SETTING TEST NAME TREE KERNEL
	local extra
	for extra in $(setting "$2" "$1"); do
		"extra_$extra" "${@:2}"
	done
}

# What measures a network, switches off what an interface does by itself, and is given an address.
extra_network() { # TEST NAME TREE KERNEL
	put_programs "$3" usr/bin "$root"/usr/bin/iperf3
	put_programs "$3" usr/sbin "$root"/{sbin/ethtool,usr/sbin/dnsmasq}
}

# What a stick of dom0's needs there, and pvring-usbd.
extra_usb() { # TEST NAME TREE KERNEL
	local library
	put_modules "$3" "$4" ehci-pci usb-storage sd_mod
	for library in /lib/x86_64-linux-gnu/libusb-1.0.so.0 /lib/x86_64-linux-gnu/libusbredirparser.so.1; do
		put_libraries "$3" "$library"
		cp -L "$library" "$3/lib/x86_64-linux-gnu/"
	done
}

# Linux' own frontend of USB, which Debian's kernels are built without: from the source of the same kernel, against its
# headers, which are here.
extra_xen_hcd() { # TEST NAME TREE KERNEL
	local build=$out/$2-xen-hcd release
	release=$(release_of "$4")
	tests/vm/fetch "pkg:linux-source-$4"
	rm -rf "$build"
	mkdir -p "$build"
	tar -xJf "$root/usr/src/linux-source-$4.tar.xz" --occurrence=1 -C "$build" --strip-components=4 \
		"linux-source-$4/drivers/usb/host/xen-hcd.c"
	echo 'obj-m := xen-hcd.o' >"$build/Kbuild"
	(unset MAKEFLAGS MFLAGS && make -C "$PWD/$root/usr/src/linux-headers-$release" M="$PWD/$build" \
		CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$build/log" 2>&1) || # no BTF: see frontend/linux/build.mk
		{ tail -20 "$build/log" >&2; return 1; }
	put_modules "$3" "$4" usbcore
	cp "$build/xen-hcd.ko" "$3/modules/"
	printf '%s\n' usb-common.ko usbcore.ko xen-hcd.ko >"$3/modules/xen-hcd.order"
	rm -rf "$build"
}

# Apache's ab: many connections to an HTTP server.
extra_connections() { # TEST NAME TREE KERNEL
	put_programs "$3" usr/bin "$root"/usr/bin/ab
}

# An XDP program.
extra_xdp() { # TEST NAME TREE KERNEL
	[ -x "$O/tests/vm/xdp" ] || { echo "image: there is no $O/tests/vm/xdp: run make daemon-test-programs" >&2; return 1; }
	put_programs "$3" usr/bin "$O/tests/vm/xdp"
}

# What a guest's kernel has for what may be at a controller's ports.
extra_usb_drivers() { # TEST NAME TREE KERNEL
	put_modules "$3" "$4" usb-storage sd_mod usbhid hid-generic evdev
}

# A program that uses devices by usbfs.
extra_usbfs() { # TEST NAME TREE KERNEL
	[ -x "$O/tests/vm/usbfs" ] || { echo "image: there is no $O/tests/vm/usbfs: run make daemon-test-programs" >&2; return 1; }
	put_programs "$3" usr/sbin "$O/tests/vm/usbfs"
}

# Our own modules of the guest's kernel, and what they need of it.
extra_pvring_modules() { # TEST NAME TREE KERNEL
	local built module name need
	built=$O/modules/$(release_of "$4")
	mkdir -p "$3/modules"
	for module in "$built"/pvring-*.ko; do
		[ -e "$module" ] || { echo "image: no modules in $built: run make modules" >&2; return 1; }
		name=$(basename "$module" .ko)
		cp "$module" "$3/modules/"
		for need in $(/sbin/modinfo -F depends "$module" | tr , ' '); do
			put_modules "$3" "$4" "$need"
			cat "$3/modules/$need.order"
		done >"$3/modules/$name.order"
		echo "$name.ko" >>"$3/modules/$name.order"
	done
}

# What writes into a guest's rings beside its backend.
extra_spoil() { # TEST NAME TREE KERNEL
	[ -x "$O/tests/vm/spoil" ] || { echo "image: there is no $O/tests/vm/spoil: run make daemon-test-programs" >&2; return 1; }
	put_programs "$3" usr/sbin "$O/tests/vm/spoil"
}

# The kernel's own backend of networks, and a hotplug script for it.
extra_netback() { # TEST NAME TREE KERNEL
	put_modules "$3" "$4" xen-netback
	mkdir -p "$3/etc/xen/scripts"
	install -m 755 $here/dom0/vif-peer "$3/etc/xen/scripts/"
}

# GUEST=KERNEL[,INITRD], as a guest's kernel "stranger".
extra_stranger() { # TEST NAME TREE
	local initrd=${GUEST#*,}
	cp "${GUEST%%,*}" "$3/boot/vmlinux-stranger"
	if [ "$initrd" = "$GUEST" ]; then : >"$3/boot/guest-stranger"; else cp "$initrd" "$3/boot/guest-stranger"; fi
}

# GRUB as the kernel of a guest.
extra_grub_xen() { # TEST NAME TREE
	cp "$root"/usr/lib/grub-xen/grub-{x86_64-xen,i386-xen_pvh}.bin "$3/boot/"
}

# pygrub, with the whole of Python's own library. It runs here once, to say how it is used, so that the modules it needs
# are compiled, which takes an emulated CPU long. In dom0 it reads the disk through a frontend.
extra_pygrub() { # TEST NAME TREE
	local tree=$3 xen=usr/lib/xen-4.17 python=usr/lib/python3.11 said
	said=$(LD_LIBRARY_PATH=$libpath PYTHONHOME=$root/usr PYTHONDONTWRITEBYTECODE='' \
		"$root/usr/bin/python3.11" "$root/$xen/bin/pygrub" 2>&1) || [[ $said == Usage:* ]] ||
		{ echo "image: pygrub does not run: $said" >&2; return 1; }
	mkdir -p "$tree/$xen"/{bin,lib/x86_64-linux-gnu} "$tree"/usr/{bin,lib}
	cp "$root/usr/bin/python3.11" "$tree/usr/bin/python3"
	cp -a "$root/$python" "$tree/usr/lib/"
	cp "$root/$xen/bin/pygrub" "$tree/$xen/bin/"
	cp -a "$root/$xen/lib/python" "$tree/$xen/lib/"
	cp -a "$root/$xen/lib/x86_64-linux-gnu/xenfsimage" "$tree/$xen/lib/x86_64-linux-gnu/"
	put_libraries "$tree" "$root/usr/bin/python3.11" "$root/$python"/lib-dynload/{_ctypes,_curses}.*.so \
		"$root/$xen"/lib/python/xenfsimage.*.so "$root/$xen/lib/x86_64-linux-gnu/xenfsimage/ext2fs-lib/fsimage.so"
	put_modules "$tree" 6.1 xen-blkfront
}

# ---- a disk that guests boot from ----------------------------------------------------------------------------------

# /boot/system.img: GRUB in the boot track, and one partition with a kernel and what else is a guest's initramfs.
extra_system_disk() { # TEST NAME TREE
	local files=$out/$2-system image=$3/boot/system.img megabytes=64
	rm -rf "$files"
	mkdir -p "$files/boot/grub"
	make_guest_initrd "$1" "$2" 6.1 "$files.cpio"
	(cd "$files" && cpio --quiet -idu) <"$files.cpio"
	cp "$root/boot/vmlinuz-$(release_of 6.1)" "$files/boot/vmlinuz"
	cp $here/guest/grub.cfg "$files/boot/grub/"
	make_system_initrd "$1" "$files/boot/initrd"
	cp "$files/boot/initrd" "$3/boot/system-initrd"
	truncate -s 1M "$image"
	put_boot_track "$image" $megabytes
	truncate -s +${megabytes}M "$image"
	/sbin/mke2fs -q -t ext4 -d "$files" -E offset=$((1 << 20)) "$image" ${megabytes}M
	rm -rf "$files" "$files.cpio"
}

# With a test's guest_extras=pvring_modules, ours beside the stock driver, as a guest has them who has installed ours.
make_system_initrd() { # TEST OUT
	local tree=$2.tree release
	release=$(release_of 6.1)
	put_busybox "$tree"
	put_modprobe "$tree" 6.1 xen-blkfront ext4
	case $(setting "$1" guest_extras) in *pvring_modules*)
		install -D -m 644 -t "$tree/lib/modules/$release/updates" "$O/modules/$release"/pvring-*.ko
		install -D -m 644 dist/guest/modprobe.conf "$tree/etc/modprobe.d/pvring-guest.conf" ;;
	esac
	kmod_as depmod -b "$tree" "$release"
	cp $here/verdicts.sh "$tree/"
	install -m 755 $here/guest/init-system "$tree/init"
	put_busybox_links "$tree"
	pack "$tree" "$2"
	gzip -9n <"$2" >"$2.gz"
	mv "$2.gz" "$2"
	rm -rf "$tree"
}

# What a distribution loads modules with, and some of them where it looks.
put_modprobe() { # TREE KERNEL MODULE...
	local tree=$1 release module path
	release=$(release_of "$2")
	shift 2
	put_programs "$tree" sbin "$root/bin/kmod"
	ln -s kmod "$tree/sbin/modprobe"
	install -D -m 644 -t "$tree/lib/modules/$release" "$root/lib/modules/$release"/modules.{order,builtin,builtin.modinfo}
	for module; do
		kmod_as modprobe -d "$root" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | sort -u | while read -r path; do
		install -D -m 644 "$path" "$tree/${path#*/root/}"
	done
}

# The boot sector loads what follows it, which reads the disk's first partition.
put_boot_track() { # IMAGE MEGABYTES
	local grub=$root/usr/lib/grub/i386-pc
	LD_LIBRARY_PATH=$libpath "$root/usr/bin/grub-mkimage" -O i386-pc -d "$grub" -p '(hd0,msdos1)/boot/grub' -o "$1.core" \
		biosdisk part_msdos ext2 normal echo linux
	dd if="$grub/boot.img" of="$1" bs=440 count=1 conv=notrunc status=none
	dd if="$1.core" of="$1" bs=512 seek=1 conv=notrunc status=none
	rm "$1.core"
	# Bootable, of Linux, from 1 MiB; its place in cylinders, heads and sectors is the one that says "see the numbers".
	{
		printf '\x80\xfe\xff\xff\x83\xfe\xff\xff'
		le32 2048
		le32 $(($2 << 11))
	} | dd of="$1" bs=1 seek=446 conv=notrunc status=none
	printf '\x55\xaa' | dd of="$1" bs=1 seek=510 conv=notrunc status=none
}
