# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# For the functions of a VM test that run in a guest, and some that most tests want.

value() { # KEY VALUE: for guest_value in dom0
	echo "@@value $1 $2"
}

disk_there() { # NAME: xvda; waits for it
	wait_until 120 test -b "/dev/$1"
}

disk_gone() { # NAME
	wait_until 120 test ! -e "/sys/block/$1"
}

# The whole disk as the guest reads it, past its page cache.
disk_sum() { # NAME
	sync
	echo 3 >/proc/sys/vm/drop_caches
	value sum "$(sha256sum "/dev/$1" | cut -d' ' -f1)"
}

make_fs() { # NAME: mounted on /mnt
	load_module ext4 && disk_there "$1" && mkfs.ext4 -q "/dev/$1" && mount "/dev/$1" /mnt
}

mount_fs() { # NAME
	load_module ext4 && disk_there "$1" && mount "/dev/$1" /mnt
}

make_and_fill() { # NAME
	make_fs "$1" && fill_fs
}

fill_fs() {
	cp -a /bin /lib /usr /mnt && sync
	(cd /mnt && find . -type f -exec sha256sum {} + >/run/sums && mv /run/sums /mnt/sums)
	sync
}

check_fs() {
	echo 3 >/proc/sys/vm/drop_caches
	(cd /mnt && sha256sum -c sums >/run/check) || { grep -v ': OK$' /run/check; return 1; }
}

leave_fs() {
	umount /mnt
}

# Only failures are printed: every character of an emulated console costs.
run_fio() { # ARGS...
	fio --output=/run/fio.out --thread --group_reporting --ioengine=io_uring --direct=1 "$@" >/run/fio.err 2>&1 &&
		! grep -q 'err=[^ ]* *[1-9]' /run/fio.out && return 0
	tail -20 /run/fio.err /run/fio.out
	return 1
}

# Written and read again, in sizes from a sector to more than one request holds. Destroys what is there. Under emulation
# a guest does a few hundred requests a second, so the small ones are few.
verify_sizes() { # FILE-OR-DISK
	local bs amount
	while read -r bs amount; do
		run_fio --name=v --filename="$1" --size=4m --io_size="$amount" --rw=randwrite --bsrange="$bs" --verify=crc32c \
			--iodepth=16 || return 1
	done <<-END
		512-512 128k
		4k-4k 512k
		1m-1m 4m
		512-256k 2m
	END
}

# A backend looks at its image's size when a request comes, and not for each.
has_grown() { # VDEV MEGABYTES
	wait_until 120 is_of_size "$1" "$2" && verify_sizes "/dev/$1"
}

is_of_size() { # VDEV MEGABYTES
	dd if="/dev/$1" of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
	[ "$(cat "/sys/block/$1/size")" -eq $(($2 << 11)) ]
}

# For a disk of which it only matters that it works.
use_disk() { # NAME [SIZE]
	disk_there "$1" &&
		run_fio --name=v --filename="/dev/$1" --size="${2:-1m}" --rw=randwrite --bs=4k --verify=crc32c --iodepth=16
}

# The longest that one request took is the value "longest", in milliseconds.
verify_for() { # FILE-OR-DISK SECONDS
	run_fio --name=v --filename="$1" --size=8m --rw=randwrite --bsrange=512-64k --verify=crc32c --iodepth=16 \
		--time_based --runtime="$2" --output-format=terse --terse-version=3 || return 1
	# Fields of terse version 3: 39 and 80 are the largest total latency of reads and writes, in microseconds.
	value longest "$(awk -F';' '{ m = $39 > $80 ? $39 : $80; printf "%d", m / 1000 }' /run/fio.out)"
}

# The same in the background, a round of some seconds after the other, until rounds_end, whose status is theirs.
rounds_begin() { # FILE-OR-DISK
	rm -f /run/rounds-end
	while [ ! -e /run/rounds-end ]; do
		verify_for "$1" 3 || exit 1
	done >/run/rounds &
	rounds=$!
}

rounds_end() {
	local rc
	: >/run/rounds-end
	wait "$rounds"
	rc=$?
	grep -v '^@@value' /run/rounds
	value longest "$(sed -n 's/^@@value longest //p' /run/rounds | sort -n | tail -1)"
	return $rc
}

# Load until the guest ends.
load_for_ever() { # FILE-OR-DISK
	run_fio --name=l --filename="$1" --size=8m --rw=randrw --bsrange=512-64k --iodepth=16 --time_based --runtime=3600
}
