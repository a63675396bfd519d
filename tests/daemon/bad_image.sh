#!/bin/bash
# SPDX-License-Identifier: MIT
# Images that cannot be served: the toolstack is told which and why, at once, and a repaired one is served.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

# What the toolstack is to be told: state 2, hotplug-status=error, hotplug-error naming what is wrong.
check_refused() { # NAME TARGET REGEX [NODE=VALUE...]: the disk stays
	local name=$1 target=$2 regex=$3 error
	shift 3
	disk_create 1 xvda "$target" "$@"
	soon 5 disk_state_is 1 xvda 2
	error=$(node "$(back 1 xvda)/hotplug-error")
	if disk_state_is 1 xvda 2 && [ "$(node "$(back 1 xvda)/hotplug-status")" = error ] && [[ $error =~ $regex ]]; then
		ok "$name"
	else
		not_ok "$name" "state $(node "$(back 1 xvda)/state"), '$(node "$(back 1 xvda)/hotplug-status")': '$error', want '$regex'"
	fi
	grep -qF "$error" "$(daemon_log)" || not_ok "$name: the log has it too" "$(log_tail | tail -2)"
}

forget() { # after check_refused
	disk_detach 1 xvda >/dev/null || not_ok "a disk that was refused can be detached" "$(node "$(back 1 xvda)/state")"
}

daemon_test_begin 1 2
daemon_start
bystander_start
good=$(make_image good.img 1M)
mkdir "$T/dir"
: >"$T/empty"
head -c 1000 /dev/zero >"$T/odd"
ln -s "$T/nowhere" "$T/dangling"
mkfifo "$T/fifo"

while read -r name target regex; do
	check_refused "${name//_/ }" "$target" "$regex"
	forget
done <<END
no_such_file		$T/missing		image $T/missing: No such file
no_such_directory	$T/no/dir/x		image $T/no/dir/x: No such file
a_dangling_link		$T/dangling		image $T/dangling: No such file
a_file_as_directory	$good/x			image $good/x: Not a directory
empty			$T/empty		image $T/empty is empty
1000_bytes		$T/odd			image $T/odd has 1000 bytes: expected a multiple of 512
a_directory		$T/dir			image $T/dir is a directory
a_fifo			$T/fifo			image $T/fifo is neither a file nor a disk
a_character_device	/dev/zero		image /dev/zero is neither a file nor a disk
unknown_scheme		qcow2:/x		unknown scheme 'qcow2': expected an absolute path
scheme_nbd		nbd:host:10809		unknown scheme 'nbd'
no_scheme		:/x			unknown scheme ''
relative_path		disk.img		image 'disk.img': a relative path
relative_after_file:	file:disk.img		image 'file:disk.img': expected an absolute path
nothing_after_file:	file:			image 'file:': expected an absolute path
unknown_option		file:$good,cache=x	unknown option 'cache=x': expected direct=on or direct=off
half_an_option		file:$good,direct	unknown option 'direct'
null:_without_a_size	null:			'' is not a size
null:_of_a_word		null:big		'big' is not a size
null:_negative		null:-1G		'-1G' is not a size
null:_zero		null:0			'0' is not a size
null:_100_bytes		null:100		'100' is not a size
null:_too_much		null:99999999999T	'99999999999T' is not a size
null:_2^64		null:18446744073709551616	is not a size
mem:_nothing		mem:0			'0' is not a size
mem:_more_than_there	mem:1000000T		mem: no room|is not a size
END
check_refused "a path of 1000 characters" "/$(printf 'x%.0s' {1..1000})" 'File name too long|too long'
forget

# Not ours to read. Root reads everything, unless it has given that up.
daemon_stop
privileged=$blkd
if [ "$(id -u)" = 0 ]; then
	printf '#!/bin/sh\nexec setpriv --bounding-set=-dac_override,-dac_read_search "%s" "$@"\n' "$blkd" >"$T/unprivileged"
	chmod +x "$T/unprivileged"
	blkd=$T/unprivileged
fi
daemon_start
install -m 000 "$good" "$T/secret"
check_refused "an image that may not be read" "$T/secret" "image $T/secret: cannot open for writing: Permission denied"
forget
daemon_stop
blkd=$privileged
daemon_start

# Refused, then repaired: by the toolstack in place, and as a new disk.
check_refused "a missing image" "$T/late.img" "late.img: No such file"
make_image late.img 1M >/dev/null
load_start late 1 xvda verify --requests 100 --timeout 10
load_wait late
check_verified "made afterwards: served once a guest asks" late
check_eq "the error is gone from the store" "$(node "$(back 1 xvda)/hotplug-status")" ""
disk_detach 1 xvda
disk_attach 1 xvda "$good"
check_serves "another image in the same place" 1 xvda
disk_detach 1 xvda

# A guest that asks for a disk with a fault, again and again.
check_refused "an image still missing" "$T/never.img" "never.img: No such file"
for _ in 1 2 3; do
	out=$(guest 1 xvda info --timeout 1 2>&1)
	check_eq "a guest cannot connect to it" $? 3
done
check "and the log is not flooded" [ "$(times_said never.img)" -le 10 ]
forget

# No place for the record of the requests.
mv "$T/run/journal" "$T/run/journal.away"
check_refused "no directory for the journal" "$good" "$T/run/journal/vbd-1-51712: cannot open: No such file"
out=$(guest 1 xvda info --timeout 1 2>&1)
check_eq "a guest cannot connect" $? 3
mv "$T/run/journal.away" "$T/run/journal"
check_serves "once it is there: served" 1 xvda
disk_detach 1 xvda
# A full one, over the directory that the bystander's journal stays in.
if mount -t tmpfs -o size=64K none "$T/run/journal" 2>/dev/null; then
	trap 'loopxen_stop; umount -l "$T/run/journal" 2>/dev/null; rm -rf "$T"' EXIT
	cat /dev/zero >"$T/run/journal/filler" 2>/dev/null
	check_refused "no room for the journal" "$good" "$T/run/journal/vbd-1-51712: no room for [0-9]+ bytes: No space left"
	rm "$T/run/journal/filler"
	check_serves "once there is room: served" 1 xvda
	disk_detach 1 xvda
	umount "$T/run/journal"
else
	skip "no room for the journal" "may not mount a small file system"
fi

# One image, two guests.
disk_attach 2 xvda "$good"
check_refused "an image that another guest has" "$good" "image $good is in use by vbd 2/51712"
forget
check_refused "the same by another name" "file:$T/dir/../good.img" "good.img is in use by vbd 2/51712"
forget
ln "$good" "$T/hard"
check_refused "the same by a hard link" "$T/hard" "image $T/hard is in use by vbd 2/51712"
forget
check_refused "even read-only, while the other writes" "$good" "is in use by vbd 2/51712" mode=r
forget
disk_detach 2 xvda
disk_attach 2 xvda "$good" mode=r
check_refused "a writer, while another reads" "$good" "is in use by vbd 2/51712"
forget
disk_attach 1 xvda "$good" mode=r
load_start two 2 xvda verify --requests 300
load_start one 1 xvda verify --requests 300
load_wait one
load_wait two
check_verified "two readers: the first" one
check_verified "two readers: the second" two
disk_detach 1 xvda
disk_detach 2 xvda

# A process that we know nothing of: it is waited for, for a while. Other tests go on meanwhile.
locked=$(make_image locked.img 1M)
lock_hold "$locked" F_WRLCK $((1 << 62)) 1
stranger=$locker
disk_attach 2 xvda "$locked"
load_start locked 2 xvda info --timeout 60
check_said "an image that another process has locked is waited for" \
	"vbd 2/51712: waiting: image $locked is locked by another process"
# Programs that lock other bytes (an emulated disk of the same guest does) are not in the way.
lock_hold "$good" F_RDLCK 100 200
disk_attach 1 xvda "$good"
check_serves "an image that QEMU has locked bytes 100 to 299 of is served" 1 xvda
disk_detach 1 xvda
lock_release "$locker"

# The image changes under us.
cp "$good" "$T/short.img"
disk_attach 1 xvda "$T/short.img"
load_start whole 1 xvda hold
soon 10 grep -q connected "$(load_out whole)"
load_stop whole
wait_state 1 xvda 6
load_start short 1 xvda verify --seconds 60 --depth 4 --keep-going --bs-max 4K
soon 10 is_serving 1 xvda
truncate -s 512K "$T/short.img"
check_said "an image cut short under the daemon: the log says which sector" \
	"vbd 1/51712: read of [0-9]+ bytes at sector [0-9]+ of $T/short.img: the image ends before it"
has_errors() { [[ $(device_status 1 xvda) =~ \"errors\":\{\"input/output\ error\":[1-9] ]]; }
check "status counts them" soon 10 has_errors
load_stop short
check_match "the guest was told" "$(cat "$(load_out short)")" 'read of sector [0-9]+ .* failed: Input/output error'
check "the log was not flooded" [ "$(times_said 'the image ends before it')" -le 10 ]
cp "$good" "$T/short.img"
wait_state 1 xvda 6
check_serves "the image whole again: served" 1 xvda
disk_detach 1 xvda

# No room for a write.
mkdir "$T/small"
if mount -t tmpfs -o size=2M none "$T/small" 2>/dev/null; then
	trap 'loopxen_stop; umount -l "$T/small" 2>/dev/null; rm -rf "$T"' EXIT
	truncate -s 4M "$T/small/img"
	disk_attach 1 xvda "$T/small/img"
	head -c 4M /dev/urandom >"$T/data"
	out=$(guest 1 xvda write "$T/data" 2>&1)
	check_eq "a full file system: the guest's write fails" $? 1
	check_said "and the log says why" "vbd 1/51712: write of [0-9]+ bytes at sector [0-9]+ of $T/small/img: No space left"
	check_match "reads go on" "$(guest 1 xvda bench --seconds 1 2>&1)" '[1-9][0-9]* requests/s'
	disk_detach 1 xvda
	umount "$T/small"
	check "the file system is let go" [ ! -e "$T/small/img" ]
else
	skip "a full file system" "may not mount one"
fi

load_wait locked
check_eq "an image that another process keeps locked is not served" $? 3
check_said "and the log says so" "vbd 2/51712: lock: image $locked is locked by another process"
check_match "and xenstore" "$(node "/local/domain/0/error/backend/vbd/2/51712/error")" 'locked by another process'
lock_release "$stranger"
check_serves "once it is gone, it is" 2 xvda
disk_detach 2 xvda
check_eq "no error is left in xenstore" "$(node "/local/domain/0/error/backend/vbd/2/51712/error")" ""

daemon_test_end
