# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# The conformance suite for frontends, in dom0, against a guest that does what it is asked for on its console, as those of
# guest/init do. Sourced by tests; they may set $expectation, the name of a file of tests/conform/expect that they take
# along.

cases=${CASES:-*}

verdicts_of_cases() {
	echo "a guest starts"
	echo "the suite comes to its end"
	"${O:-build}/pvring-conform" frontend blk --list --case "$cases" | cut -f1
}
# shellcheck disable=SC2034
[ "$VM_SIDE" != host ] || verdicts=$(verdicts_of_cases)

dom0() {
	check "a guest starts" guest_create g1 || return
	mkfifo /run/works
	serve_works &
	pvring-conform frontend blk --domid "$(guest_id g1)" --drive 'exec /test/drive-guest' \
		--renew 'exec /test/drive-guest renew' --case "$cases" ${expectation:+--expect "/test/$expectation"} \
		--timeout 120 | verdicts_of_suite
	guest_destroy g1
}

serve_works() {
	local number what
	exec 3<>/run/works
	while read -r number what <&3; do
		if [ "$what" = renew ]; then
			guest_destroy g1
			guest_create g1
		else
			# shellcheck disable=SC2086 # words
			in_guest_seconds=60 in_guest g1 $what
		fi
		echo "$? $(guest_id g1)" >/run/work.new
		mv /run/work.new "/run/work.$number"
	done
}

# ---- in the guest ----

work() { # VDEV WORK
	disk_there "$1" || return
	case $2 in
	read) use "$1" --rw=read --bs=16k ;;
	write) use "$1" --rw=write --bs=16k ;;
	readonly-write) use "$1" --rw=write --bs=4k ;;
	flush) use "$1" --rw=randwrite --bs=4k --fsync=4 --io_size=256k ;;
	big) use "$1" --rw=read --bs=512k ;;
	trim) use "$1" --rw=trim --bs=64k ;;
	*) use "$1" --rw=randwrite --bsrange=4k-64k --verify=crc32c ;;
	esac
}

use() { # VDEV FIO-OPTION...
	local vdev=$1
	shift
	fio --minimal --thread --name=work --filename="/dev/$vdev" --direct=1 --ioengine=io_uring --iodepth=32 "$@" \
		>/dev/null
}
