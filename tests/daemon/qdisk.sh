#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 120
# The userspace block frontend against a backend that somebody else wrote: QEMU's.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/daemon/qdisk.bash

size_mib=64
blkload=$(realpath "${O:-build}/pvring-blkload")
dir=$(mktemp -d "${TMPDIR:-/tmp}/qdisk.XXXXXX")
image=$dir/disk.img

front() { # ARGUMENT...: pvring-blkload in the guest
	domu 5 "$blkload" --vdev xvda "$@"
}

if ! qdisk_program >/dev/null; then
	skip "QEMU's backend" "no xen-qemu-system-i386 on this machine"
	rm -rf "$dir"
	done_testing
fi
loopxen_start
trap 'loopxen_stop; rm -rf "$dir"' EXIT
head -c ${size_mib}M /dev/urandom >"$image"
"$loopxen" domain create 5
qdisk_attach 5 "$image"
if qdisk_start 5 "$dir/qemu.log"; then
	ok "QEMU offers the disk"
else
	not_ok "QEMU offers the disk" "$(cat "$dir/qemu.log")"
	done_testing
fi

check_match "what it is: info prints it" "$(front info 2>&1)" "bytes $((size_mib << 20))"
check_eq "the first connection was closed by both" \
	"$(dom0 xenstore-read /local/domain/0/backend/qdisk/5/51712/state /local/domain/5/device/vbd/51712/state | xargs)" "6 6"
check "read: the disk, through the ring" front read "$dir/out.img"
check "read: it is what is in the file" cmp "$image" "$dir/out.img"

head -c 5000000 /dev/urandom >"$dir/in"
check "write: a file of no whole number of sectors" front write "$dir/in" --offset 1M
check "write: it is in the file, at its place" cmp -n 5000000 "$dir/in" "$image" 0 1048576
check "write: the rest of its last sector is zeroes" \
	cmp -n $((512 - 5000000 % 512)) /dev/zero "$image" 0 $((1048576 + 5000000))

check_match "write: a pipe that is longer than the disk is an error" \
	"$(cat "$image" /dev/zero | head -c $(((size_mib << 20) + 1)) | front write - 2>&1)" \
	'does not fit'
check_match "more requests at once than the ring holds are refused" "$(front bench --depth 33 2>&1)" \
	'depth 33: the rings of --ring-order 0 hold 32'

for args in "--depth 32" "--ring-order 2 --depth 128" "--ring-order 4 --depth 300 --bs-max 8K" \
	"--depth 1 --bs-min 44K --requests 500" "--depth 32 --length 64K --bs-max 4K --requests 5000" \
	"--depth 32 --no-persistent"; do
	# shellcheck disable=SC2086
	check_match "verify $args" "$(front verify --seconds 1 $args 2>&1)" '^verified [1-9][0-9]* requests'
done

"$loopxen" run --domid 5 -- "$blkload" --vdev xvda verify --seconds 20 --progress >"$dir/verify" 2>&1 &
verifying=$!
loopxen_track $verifying
wait_until 10 grep -q 'random requests' "$dir/verify"
spoilt=0
while kill -0 $verifying 2>/dev/null && [ $spoilt -lt 20000 ]; do
	printf 'not what was written' | dd of="$image" bs=512 seek=$((spoilt++ * 131 % (size_mib << 11))) conv=notrunc status=none
done
wait $verifying
check_eq "verify: sectors that change behind its back end it with exit status 1" "$?" 1
check_match "and it names one" "$(cat "$dir/verify")" 'sector [0-9]+: .*(instead of write [0-9]+|has changed)'

check_match "a ring that the backend does not offer is refused with the limit" \
	"$(front info --ring-order 5 2>&1)" 'the backend offers up to 4'
check_match "and the disk can be used afterwards" "$(front info 2>&1)" "sectors $((size_mib << 11))"

"$loopxen" run --domid 5 -- "$blkload" --vdev xvda hold --depth 8 >"$dir/killed" 2>&1 &
killed=$!
loopxen_track $killed
wait_until 10 grep -q connected "$dir/killed"
kill -KILL $killed
wait $killed 2>/dev/null
check_match "a frontend that was killed with requests out: the next one starts over" "$(front info 2>&1)" "mode w"

"$loopxen" run --domid 5 -- "$blkload" --vdev xvda hold --depth 8 >"$dir/stopped" 2>&1 &
stopped=$!
loopxen_track $stopped
wait_until 10 grep -q connected "$dir/stopped"
kill -TERM $stopped
wait $stopped
check_eq "SIGTERM: what is out is waited for, the disk is closed, exit status 0" "$?" 0

"$loopxen" run --domid 5 -- "$blkload" --vdev xvda hold >"$dir/detached" 2>&1 &
detached=$!
loopxen_track $detached
wait_until 10 grep -q connected "$dir/detached"
dom0 xenstore-write /local/domain/0/backend/qdisk/5/51712/online 0 /local/domain/0/backend/qdisk/5/51712/state 5
wait $detached
check_eq "the toolstack detaches: the frontend lets go by itself" "$?" 0
check_match "and says so" "$(cat "$dir/detached")" 'the backend closes the disk'

kill -TERM "$qdisk_pid"
wait "$qdisk_pid" 2>/dev/null
# shellcheck disable=SC2119
check_clean
done_testing
