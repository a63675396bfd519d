#!/bin/bash
# SPDX-License-Identifier: MIT
# Every option and command that a program says it takes stands in its man page, and the pages are sound.
. tests/lib/tap.sh
build=${O:-build}

# Options as mdoc writes them: --name is "Fl -name".
undocumented() { # PAGE OPTION...
	local page=$1 option
	shift
	for option; do
		grep -qE "Fl -${option#--}( |\$|,)" "$page" || echo "$option"
	done
}

check_program() { # PAGE PROGRAM [COMMAND [KIND]]
	local page=docs/man/$1 options
	shift
	mapfile -t options < <("$build/$1" "${@:2}" --long-options | grep -vE '^--(version|help)$')
	check_eq "$* documents its options" "$(undocumented "$page" "${options[@]}" | tr '\n' ' ')" ""
}

check_program pvring-blkd.8 pvring-blkd
check_program pvring-netd.8 pvring-netd
check_program pvring-usbd.8 pvring-usbd
check_program pvring-conform.1 pvring-conform backend blk
check_program pvring-conform.1 pvring-conform frontend blk
check_program pvring-conform.1 pvring-conform agent
check_program pvring-netload.1 pvring-netload
check_program pvring-usbload.1 pvring-usbload
for command in $("$build/pvring" --commands); do
	check "pvring.1 names the command $command" grep -qE "^\.(It )?Cm $command( |\$)" docs/man/pvring.1
	[ "$command" = hotplug ] || check_program pvring.1 pvring "$command"
done
for kind in vbd vif usb; do
	check_program pvring.1 pvring attach $kind
done
check_program pvring.1 pvring detach usb
check_program pvring.1 pvring usb capture

echo 'Fl -known' >"${TMPDIR:-/tmp}/options.$$"
check_eq "an option that is not there is found missing" \
	"$(undocumented "${TMPDIR:-/tmp}/options.$$" --known --unknown)" "--unknown"
rm -f "${TMPDIR:-/tmp}/options.$$"

for page in docs/man/*; do
	check "$page is sound" mandoc -Tlint -Wwarning "$page"
done
done_testing
