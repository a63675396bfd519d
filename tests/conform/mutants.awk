# SPDX-License-Identifier: MIT
# Lists mutants of C sources, one per line: FILE:LINE<tab>OPERATOR<tab>the line as it is to be. Only what changes what the
# program does: comments, declarations, includes and assertions are left alone, and what is for a kernel.
#
#	awk -f tests/conform/mutants.awk FILE...
function emit(operator, text) {
	if (text != $0) print FILENAME ":" FNR "\t" operator "\t" text
}

# Each place in the line where the regular expression matches, one mutant.
function each(operator, regex, replacement,    before, rest, found) {
	before = ""
	rest = $0
	while (match(rest, regex)) {
		found = substr(rest, RSTART, RLENGTH)
		emit(operator, before substr(rest, 1, RSTART - 1) replacement substr(rest, RSTART + RLENGTH))
		before = before substr(rest, 1, RSTART + RLENGTH - 1)
		rest = substr(rest, RSTART + RLENGTH)
	}
}

function each_number(    before, rest, number, at) {
	before = ""
	rest = $0
	while (match(rest, /[^A-Za-z0-9_.][0-9]+[^A-Za-z0-9_.x]/)) {
		number = substr(rest, RSTART + 1, RLENGTH - 2)
		at = before substr(rest, 1, RSTART)
		emit("off by one", at (number + 1) substr(rest, RSTART + RLENGTH - 1))
		before = at number
		rest = substr(rest, RSTART + RLENGTH - 1)
	}
}

{
	if (in_comment) {
		if (/\*\//) in_comment = 0
		next
	}
	if (/^[ \t]*\/\*/) {
		if (!/\*\//) in_comment = 1
		next
	}
}
/^#ifdef __KERNEL__/ { is_kernel = 1 }
/^#(else|endif)/ { is_kernel = 0 }
is_kernel { next }
/^[^\t]/ || /^[ \t]*$/ || /^#/ || /assert/ || /^\t+(\/\/|\*)/ || /^\t*[{}]*$/ { next }
{
	line = $0
	comment = ""
	if (match($0, /[ \t]*\/\*.*\*\/[ \t]*$/)) {
		comment = substr($0, RSTART)
		$0 = substr($0, 1, RSTART - 1)
	}
	each("swap", " <= ", " < ")
	each("swap", " < ", " <= ")
	each("swap", " >= ", " > ")
	each("swap", " > ", " >= ")
	each("swap", " == ", " != ")
	each("swap", " != ", " == ")
	each("swap", " && ", " || ")
	each("swap", " \\|\\| ", " && ")
	each("swap", " \\+ ", " - ")
	each("swap", " - ", " + ")
	each("swap constants", "BLKIF_RSP_ERROR", "BLKIF_RSP_OKAY")
	each("swap constants", "BLKIF_RSP_EOPNOTSUPP", "BLKIF_RSP_ERROR")
	each("swap constants", "BLK_UNSUPPORTED", "BLK_REJECT")
	each("swap constants", "GRANTS_FROM_GUEST", "GRANTS_TO_GUEST")
	each("swap constants", "RING_BROKEN", "RING_EMPTY")
	each("swap constants", "return true;", "return false;")
	each("swap constants", "return false;", "return true;")
	each_number()
	if (match($0, /^\t+(else )?if \(.*\)( \{)?$/)) {
		text = $0
		sub(/if \(/, "if (!(", text)
		if (text ~ / \{$/) sub(/\) \{$/, ")) {", text)
		else text = text ")"
		emit("negate", text)
	}
	# A statement, not a declaration: begins with a call or an assignment, and ends in this line.
	if (/^\t+[a-z_*][A-Za-z0-9_>.\[\]-]*( = | \+= | -= |\+\+;|--;|\()/ && /;$/ && !/^\t+(return|const|struct|enum|uint|int|bool|void|for|while|if|case)/)
		emit("drop", tabs_of($0) ";")
	if (/^\t+(return;|break;|continue;)$/) emit("drop", tabs_of($0) ";")
}
function tabs_of(text) {
	match(text, /^\t+/)
	return substr(text, 1, RLENGTH)
}
