# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# For a test that does the same with guests of several types and kernels, one after the other: it sources this here and
# in the machine, sets `guests` (pv-6.1 and so on) and names its verdicts for one of them.

guest_types='pv pvh hvm' guest_kernels='6.1 6.12'

of_every_guest() { # VERDICTS
	for guest in $guests; do
		printf '%s\n' "$1" | sed "s/^/$guest: /"
	done
}

# A guest g1 that the command leaves is destroyed, so that the next one can start.
with_every_guest() { # COMMAND...
	for guest in $guests; do
		guest_type=${guest%-*} guest_kernel=${guest#*-} verdict_prefix="$guest: "
		"$@"
		guest_is_gone g1 || guest_destroy g1
	done
	verdict_prefix=''
}
