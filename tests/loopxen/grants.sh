#!/bin/bash
# SPDX-License-Identifier: MIT
# Grants between two domains, and the ways in which Xen refuses them.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh

loopxen_start
"$loopxen" domain create 1
"$loopxen" domain create 2
puppet back 0
puppet front 1
puppet other 2

# what one end writes the other reads
tell front share 0 3 w
read -r area a b c <<<"$said"
tell back map 0 w "$a"
check_eq "a grant of another domain is not found under ours" "$said" "err EINVAL"
tell back map 1 w "$a" "$b" "$c"
here=$said
check_match "three grants are mapped as one area" "$here" '^[0-9]+$'
tell front poke "$area" 4097 77
check_tell "the second page shows what the frontend wrote" 77 back peek "$here" 4097
tell back poke "$here" 8192 88
check_tell "the frontend sees what the backend wrote" 88 front peek "$area" 8192
tell back map 1 w "$c" "$a"
scattered=$said
check_tell "scattered frames are in the order asked for" 88 back peek "$scattered" 0
check_match "check names what is mapped" "$("$loopxen" check)" "mapped: grant $a of domain 1, by puppet \(pid [0-9]+\) of domain 0"
"$loopxen" check >/dev/null
check_eq "check exits 1 while something is mapped" $? 1
check_match "asked for the domain that owns it" "$("$loopxen" check --domid 1)" "mapped: grant $a of domain 1"
check_match "or for the one that has mapped it" "$("$loopxen" check --domid 0)" "mapped: grant $a of domain 1"
check "it does not concern a third" "$loopxen" check --domid 2

# refused as Xen and its kernel drivers refuse
check_tell "a domain that was not granted" "err EINVAL" other map 1 w "$a"
check_tell "a domain that does not exist" "err EINVAL" back map 77 w "$a"
check_tell "a reference that was never granted" "err EINVAL" back map 1 w 60000
check_tell "a reference beyond the table" "err EINVAL" back map 1 w 4000000000
check_tell "all or nothing: one bad reference among good ones" "err EINVAL" back map 1 w "$a" "$b" 60000 "$c"
check_tell "no grants at all" "err EINVAL" back map 1 w
check_tell "an unmap of another length" "err EINVAL" back unmap "$here" 2
check_tell "an unmap of what was mapped" 0 back unmap "$here"
check_tell "the other map of the same grants" 0 back unmap "$scattered"

# read-only
tell front share 0 1 r
read -r ro_area ro <<<"$said"
tell front poke "$ro_area" 5 55
check_tell "a read-only grant is not mapped writable" "err EINVAL" back map 1 w "$ro"
tell back map 1 r "$ro"
ro_here=$said
check_tell "but readable" 55 back peek "$ro_here" 5
check_tell "and can not be made writable later" "err EACCES" back mprotect "$ro_here"
tell back unmap "$ro_here"

# copy: a status per segment
tell front poke "$area" 100 11
tell front poke "$area" 4200 22
check_tell "two segments are copied in" "0 0" back copy_from 1 "$a" 100 1 "$b" 104 1
check_tell "first segment" 11 back buffer 0
check_tell "second segment" 22 back buffer 1
tell back buffer 0 33
check_tell "and out" 0 back copy_to 1 "$a" 4095 1
check_tell "to the last byte of a page" 33 front peek "$area" 4095
check_tell "an ungranted reference fails alone" "0 -1 0" back copy_from 1 "$a" 0 1 60000 0 1 "$b" 0 1
check_tell "a reference beyond the table" -3 back copy_from 1 70000 0 1
check_tell "a domain that does not exist" -2 back copy_from 77 "$a" 0 1
check_tell "writing to a read-only grant" -1 back copy_to 1 "$ro" 0 1
check_tell "reading from it" 0 back copy_from 1 "$ro" 0 1
check_tell "a domain that was not granted" -1 other copy_from 1 "$a" 0 1
check_tell "a segment across the end of its page fails the call" "err EINVAL" back copy_from 1 "$a" 4095 2
check_tell "a whole page" 0 back copy_from 1 "$a" 0 4096

# the owner ends a grant that is mapped: it stays until the unmap
tell back map 1 w "$a"
here=$said
tell back poke "$here" 7 99
check_tell "the frontend gives up its pages" 0 front unshare "$area"
check_tell "the backend still reads its page" 99 back peek "$here" 7
check_match "check says so" "$("$loopxen" check)" "granted: grant $a of domain 1 .*ended, but still mapped"
check_tell "a grant that was not mapped is gone" "err EINVAL" back map 1 w "$b"
tell back unmap "$here"
check_tell "the mapped one is gone with the unmap" "err EINVAL" back map 1 w "$a"

# a page that is given back: empty when it is given out again, and without memory until then
again() { # GREF: shares and unshares until that one's turn comes; then $byte is its byte 7
	local i j refs
	for ((i = 0; i < 200; i++)); do
		tell front share 0 500 w
		read -ra refs <<<"$said"
		for ((j = 1; j < ${#refs[@]} && refs[j] != $1; j++)); do :; done
		[ "$j" -eq ${#refs[@]} ] || tell front peek "${refs[0]}" $(((j - 1) * 4096 + 7))
		byte=$said
		tell front unshare "${refs[0]}"
		[ "$j" -eq ${#refs[@]} ] || return
	done
}
again "$a"
check_eq "a page is given out empty" "$byte" 0
blocks() {
	stat -c %b "$LOOPXEN_DIR"/ram.1.*
}
before=$(blocks)
for ((i = 0; i < 3; i++)); do
	tell front share 0 100 w
	area=${said%% *}
	for ((page = 0; page < 100; page++)); do
		tell front poke "$area" $((page * 4096)) 1
	done
	[ $i -gt 0 ] || check "written pages take memory" test "$(blocks)" -gt "$((before + 700))"
	tell front unshare "$area"
done
check "pages given back take none" test "$(blocks)" -lt "$((before + 700))"

# notification of an unmap
tell front alloc 0
port=$said
tell back bind 1 "$port"
local_port=$said
tell back pending
tell front share_notify 0 64 "$port"
read -r area a <<<"$said"
tell front poke "$area" 64 1
tell front poke "$area" 65 1
tell back map_notify 1 "$a" 65 "$local_port"
here=$said
tell back unmap "$here"
check_tell "the unmap clears the mapper's byte" 0 front peek "$area" 65
check_tell "not the owner's" 1 front peek "$area" 64
check_tell "and sends its event" "$port" front wait
tell back map 1 w "$a"
here=$said
tell front unshare "$area"
check_tell "the end of the grant clears the owner's byte" 0 back peek "$here" 64
tell back unmask "$local_port"
check_tell "and sends its event" "$local_port" back wait
tell back unmap "$here"

# handles
check_tell "handles are closed by exec" 1 front cloexec
tell front share 0 4 w
read -r area a b c <<<"$said"
tell back map 1 w "$a"
check_tell "closing the mapper's handle unmaps" 0 back close_maps
check_tell "closing the owner's handle ends its grants" 0 front close_shares
check_tell "they are gone" "err EINVAL" back map 1 w "$a"
tell back close_events
tell front close_events
check_clean "nothing is held after closing"
many() {
	local shared
	for _ in 1 2 3; do
		tell front share 0 500 w
		shared=${said%% *}
		tell back map 1 w "${said#* }"
		tell back unmap "$said"
		[ "$said" = 0 ] || return 1
		tell front unshare "$shared"
		[ "$said" = 0 ] || return 1
	done
}
check "500 pages at a time, three times" many
end_puppet back
end_puppet front
end_puppet other
check_clean
done_testing
