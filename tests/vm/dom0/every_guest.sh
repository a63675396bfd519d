# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# Does another test, named in $test_of_one_guest, with guests of every type and kernel that it does not itself have.

folder=tests/vm
[ "$VM_SIDE" = host ] || folder=/test
. "$folder/$test_of_one_guest"

guests='pv-6.12 pvh-6.1 pvh-6.12 hvm-6.1 hvm-6.12'
# shellcheck disable=SC2034
guest_types='pv pvh hvm' guest_kernels='6.1 6.12'
verdicts=$(for guest in $guests; do
	printf '%s\n' "$verdicts" | sed "s/^/$guest: /"
done)

dom0() {
	for guest in $guests; do
		(
			guest_type=${guest%-*} guest_kernel=${guest#*-} verdict_prefix="$guest: "
			. "$folder/$test_of_one_guest"
			dom0
		)
		no_domain_left || guest_destroy g1
	done
}
