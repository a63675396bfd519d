# SPDX-License-Identifier: MIT
# Programs in several domains that do what a test tells them (puppet.c): puppet NAME DOMID, then tell NAME COMMAND...
# shellcheck shell=bash
puppet_bin=$PWD/${O:-build}/tests/loopxen/puppet
case ${O:-build} in /*) puppet_bin=$O/tests/loopxen/puppet ;; esac
declare -A puppet_to puppet_from puppet_pid

puppet() { # NAME DOMID [ENVIRONMENT...]
	local name=$1 domid=$2 to from line
	shift 2
	rm -f "$LOOPXEN_DIR.to" "$LOOPXEN_DIR.from"
	mkfifo "$LOOPXEN_DIR.to" "$LOOPXEN_DIR.from"
	env "$@" "$loopxen" run --domid "$domid" -- "$puppet_bin" <"$LOOPXEN_DIR.to" >"$LOOPXEN_DIR.from" &
	puppet_pid[$name]=$!
	loopxen_track $!
	exec {to}>"$LOOPXEN_DIR.to" {from}<"$LOOPXEN_DIR.from"
	rm -f "$LOOPXEN_DIR.to" "$LOOPXEN_DIR.from"
	puppet_to[$name]=$to
	puppet_from[$name]=$from
	IFS= read -r -t 60 line <&"$from"
	[[ $line == ok* ]] || not_ok "the program $name of domain $domid starts" "$line"
}

tell() { # NAME COMMAND...: prints and keeps in $said the answer; an "ok" of one value is shortened to the value
	local name=$1
	shift
	said="(no answer)"
	printf '%s\n' "$*" >&"${puppet_to[$name]}"
	IFS= read -r -t 60 said <&"${puppet_from[$name]}"
	said=${said#ok }
}

check_tell() { # NAME WANT PUPPET COMMAND...
	local name=$1 want=$2
	shift 2
	tell "$@"
	check_eq "$name" "$said" "$want"
}

end_puppet() { # NAME [SIGNAL]: without a signal it leaves by itself
	local to=${puppet_to[$1]} from=${puppet_from[$1]}
	if [ $# -gt 1 ]; then
		kill "-$2" "${puppet_pid[$1]}"
	else
		echo exit >&"$to"
	fi
	wait "${puppet_pid[$1]}" 2>/dev/null
	exec {to}>&- {from}<&-
}
