# SPDX-License-Identifier: MIT
# Debian's xl on loopxen: genuine libxl. It writes below /run and /var/lib/xen and wants its scripts in /etc/xen/scripts,
# so each xl runs in a mount namespace, for a user who is not root together with a user namespace. Source after
# loopxen.sh, then xl_begin.
# shellcheck shell=bash disable=SC2154 # variables of loopxen.sh
xl_why='' # why it does not run here
xl_dir=

xl_can_unshare() { # PROPAGATION
	xl_unshare=(unshare -m --propagation "$1")
	[ "$(id -u)" -eq 0 ] || xl_unshare+=(-r)
	"${xl_unshare[@]}" true 2>/dev/null
}

# Becomes the command, with directories of xl's own in place.
xl_write_entry() {
	cat >"$xl_dir/enter" <<-'END'
		#!/bin/bash
		# DIRECTORY COMMAND...
		set -e
		mkdir -p "$1/etc"
		mount -t tmpfs none /run
		mkdir -p /run/lock /run/xen
		mount -t tmpfs none /var/lib
		mkdir /var/lib/xen
		mount --bind "$1/xen" /var/lib/xen
		mount -t tmpfs none "$1/etc"
		cp -r --preserve=mode /etc/. "$1/etc" 2>/dev/null || :
		mkdir -p "$1/etc/xen/scripts"
		: >"$1/etc/xen/xl.conf"
		install -m 755 dist/block-pvring dist/vif-pvring "$1/etc/xen/scripts"
		mount --move "$1/etc" /etc
		shift
		exec "$@"
	END
	chmod 755 "$xl_dir/enter"
}

xl_begin() { # fails, with why in $xl_why, where xl cannot run; the directory goes with the instance's
	local out
	xl_bin=$(realpath "${O:-build}")
	xl_dir=$LOOPXEN_DIR/xl
	mkdir -p "$xl_dir/xen"
	xl_write_entry
	# Where the propagation cannot be changed: as it is, if what we mount does not show outside.
	if ! xl_can_unshare private && { grep -q ' shared:' /proc/self/mountinfo || ! xl_can_unshare unchanged; }; then
		xl_why="needs a mount namespace, and may not make one"
	elif ! out=$(xl list 2>&1); then
		xl_why="xl does not run here: $(head -1 <<<"$out")"
	fi
	[ -z "$xl_why" ]
}

xl() { # ARGUMENT...: in domain 0
	PATH=$xl_bin:$PATH "${xl_unshare[@]}" "$xl_dir/enter" "$xl_dir" "$loopxen" run -- xl "$@"
}

xl_knows() { # DOMID: xl wants the configuration that it would have written itself
	local uuid
	uuid=$(dom0 xenstore-read "/local/domain/$1/vm")
	uuid=${uuid#/vm/}
	printf '{"c_info":{"type":"pv","name":"loopxen-%s","uuid":"%s"},"b_info":{"type.pv":{}}}' "$1" "$uuid" \
		>"$xl_dir/xen/userdata-d.$1.$uuid.libxl-json"
}
