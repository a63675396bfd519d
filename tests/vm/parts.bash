# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests/vm/image: what its trees are put together from. $root is where the packages are unpacked, $out where
# images are made.

libdir=$PWD/$root/usr/lib/x86_64-linux-gnu
libpath=$libdir:$PWD/$root/lib/x86_64-linux-gnu

release_of() { # KERNEL: 6.1 or 6.12
	sed 's/^linux-image-//' "$O/xen/kernel-$1"
}

# kmod names its program after how it is called, and its package's links are absolute.
kmod_as() { # NAME ARGS...
	local name=$1
	shift
	(exec -a "$name" "$root/bin/kmod" "$@")
}

put_modules() { # TREE KERNEL MODULE...: with what they depend on, and /modules/NAME.order telling in which order
	local tree=$1 release module path
	release=$(release_of "$2")
	shift 2
	mkdir -p "$tree/modules"
	for module; do
		kmod_as modprobe -d "$root" -S "$release" --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p' |
			awk '!seen[$0]++' | while read -r path; do
			# Those of 6.12 are packed, and this copies what is not.
			xz -dcf "$path" >"$tree/modules/$(basename "$path" .xz)"
			basename "$path" .xz
		done >"$tree/modules/$module.order"
	done
}

# The libraries of programs, in the one folder where the loader looks by itself.
put_libraries() { # TREE FILE...
	local tree=$1 lib
	shift
	mkdir -p "$tree/lib/x86_64-linux-gnu" "$tree/lib64"
	cp -u /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"
	LD_LIBRARY_PATH=$libpath ldd "$@" | awk '
		/not found/ { print "image: missing library: " $1 > "/dev/stderr"; bad = 1 }
		$3 ~ /^\// { print $3 }
		END { exit bad }' | sort -u | while read -r lib; do
		cp -uL "$lib" "$tree/lib/x86_64-linux-gnu/"
	done
}

# What our own programs need (they are newer than the base, so it is not asked of them), and libgcc_s, which the C
# library loads by name when a thread ends: ldd does not know of it, and without it xl aborts.
put_extra_libraries() { # TREE
	cp -L /lib/x86_64-linux-gnu/{libgcc_s.so.1,liburing.so.2,libjansson.so.4,libnl-3.so.200,libnl-route-3.so.200} "$1/lib/x86_64-linux-gnu/"
}

put_programs() { # TREE FOLDER FILE...
	local tree=$1 folder=$2
	shift 2
	mkdir -p "$tree/$folder"
	cp -L --remove-destination "$@" "$tree/$folder/"
	put_libraries "$tree" "$@"
}

put_e2fsprogs() { # TREE PROGRAM...
	local tree=$1
	shift
	put_programs "$tree" sbin "${@/#/$root/sbin/}"
	ln -sf mke2fs "$tree/sbin/mkfs.ext4"
	ln -sf e2fsck "$tree/sbin/fsck.ext4"
	cp "$root/etc/mke2fs.conf" "$tree/etc/"
}

put_busybox() { # TREE
	mkdir -p "$1"/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,run,tmp,etc,mnt,var/lib,var/log,var/lock}
	cp "$root/bin/busybox" "$1/bin/"
	echo 'root::0:0::/:/bin/sh' >"$1/etc/passwd"
	: >"$1/etc/fstab"
	ln -sf /proc/mounts "$1/etc/mtab"
}

# Debian's fio is linked with the clients of Ceph, Gluster and others: 37 MB of libraries that no test uses, most of
# the image. It gets empty libraries instead, which only define the symbols that it names.
put_fio() { # TREE
	local tree=$1 lib stub=$out/stub
	mkdir -p "$tree/usr/bin" "$tree/lib/x86_64-linux-gnu" "$stub"
	cp "$root/usr/bin/fio" "$tree/usr/bin/"
	for lib in libnuma.so.1 libgfapi.so.0 libnbd.so.0 libibverbs.so.1 librdmacm.so.1 librados.so.2 librbd.so.1 \
		libpmemblk.so.1 libpmem.so.1; do
		stub_library "$lib" "$tree/usr/bin/fio" "$tree/lib/x86_64-linux-gnu/$lib"
	done
	LD_LIBRARY_PATH=$PWD/$tree/lib/x86_64-linux-gnu:$libdir put_libraries_of_stubbed "$tree" "$tree/usr/bin/fio"
}

put_libraries_of_stubbed() { # TREE FILE: as put_libraries, but what the tree has already comes first
	local tree=$1 lib
	ldd "$2" | awk '$3 ~ /^\// { print $3 }' | while read -r lib; do
		[ -e "$tree/lib/x86_64-linux-gnu/${lib##*/}" ] || cp -L "$lib" "$tree/lib/x86_64-linux-gnu/"
	done
}

# Symbols without a version could belong to any library: every stub defines all of those, which harms nobody.
stub_library() { # SONAME USER OUT
	local versions plain=$stub/plain
	readelf -W --dyn-syms "$2" | awk '$7 == "UND" && $8 != "" && $8 !~ /@/ && $8 !~ /^_|^(in|de)flate/ { print $8 }' >"$plain"
	versions=$(readelf -W -V "$2" | awk -v lib="$1" '
		/File: /  { in_lib = ($0 ~ "File: " lib " ") }
		/Name: / && in_lib { sub(/.*Name: /, ""); print $1 }')
	: >"$stub/map"
	{
		awk '{ print "void " $1 "(void) {}" }' "$plain"
		for version in $versions; do
			readelf -W --dyn-syms "$2" | awk -v v="$version" '$8 ~ "@" v "$" { sub(/@.*/, "", $8); print $8 }' |
				tee "$stub/syms" | awk '{ print "void " $1 "(void) {}" }'
			echo "$version { global: $(tr '\n' ';' <"$stub/syms") };" >>"$stub/map"
		done
	} >"$stub/stub.c"
	gcc -shared -fPIC -fno-builtin -w -nostdlib -Wl,-soname,"$1" ${versions:+-Wl,--version-script,"$stub/map"} \
		-o "$3" "$stub/stub.c"
}

# The last step: these links lead to this machine's own busybox, so nothing may be copied over one of them.
put_busybox_links() { # TREE
	(cd "$1" && bin/busybox --list-full | while read -r applet; do
		[ -e "$applet" ] || [ -L "$applet" ] || ln -s /bin/busybox "$applet"
	done)
}

pack() { # TREE OUT
	rm -f "$2"
	pack_onto "$1" "$2"
}

# One archive, where two that follow each other would do for a kernel but not for cpio.
pack_onto() { # TREE ARCHIVE
	local archive append=()
	archive=$(realpath "$2")
	[ ! -e "$archive" ] || append=(-A)
	(cd "$1" && find . -print0 | sort -z | cpio --quiet --null -o -H newc -R 0:0 "${append[@]}" -F "$archive")
}

# A bzImage is its setup in real mode, then the kernel, packed by xz or zstd at a place that the setup tells.
setup_bytes() { # BZIMAGE
	echo $((($(od -An -tu1 -j $((0x1f1)) -N1 "$1") + 1) * 512))
}

# Unpacked here once instead of at each boot.
unpack_kernel() { # BZIMAGE OUT
	local offset length
	read -r offset length < <(od -An -tu4 -j $((0x248)) -N8 "$1")
	offset=$(($(setup_bytes "$1") + offset))
	dd if="$1" iflag=skip_bytes,count_bytes skip="$offset" count=$((length - 4)) bs=1M status=none | zstd -dc >"$2.new"
	mv "$2.new" "$2"
}

# The firmware of an HVM guest reads what it boots byte by byte from its device model, which takes minutes here. So it
# gets no more than a kernel's setup; the device model puts the packed kernel and the initramfs into the guest's memory
# before it runs. The setup jumps to where its header says (code32_start): to three instructions that tell the kernel of
# the initramfs and jump there, a hook as the kernel's boot protocol foresees it.
hvm_kernel_at=0x1000000
hvm_initrd_at=0x8000000
hvm_hook_at=0x7fff000

# In FOLDER, for its guest-KERNEL: setup-KERNEL, hook-KERNEL, and preload-KERNEL, the device model's arguments.
put_setup() { # KERNEL FOLDER
	local bzimage part
	bzimage=$root/boot/vmlinuz-$(release_of "$1")
	{
		head -c $((0x214)) "$bzimage"
		le32 $hvm_hook_at
		head -c "$(setup_bytes "$bzimage")" "$bzimage" | tail -c +$((0x218 + 1))
	} >"$2/setup-$1"
	{
		printf '\xc7\x86\x18\x02\x00\x00' && le32 $hvm_initrd_at # movl $..., 0x218(%esi): ramdisk_image
		printf '\xc7\x86\x1c\x02\x00\x00' && le32 "$(stat -c %s "$2/guest-$1")" # 0x21c: ramdisk_size
		printf '\xb8' && le32 $hvm_kernel_at # movl $..., %eax
		printf '\xff\xe0' # jmp *%eax
	} >"$2/hook-$1"
	for part in "hook $hvm_hook_at" "packed $hvm_kernel_at" "guest $hvm_initrd_at"; do
		echo "'-device', 'loader,force-raw=on,addr=${part#* },file=/boot/${part% *}-$1',"
	done >"$2/preload-$1"
}

le32() { # NUMBER
	# shellcheck disable=SC2059 # a format with escapes made of numbers
	printf "$(printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"
}
