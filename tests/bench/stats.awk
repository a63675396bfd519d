# SPDX-License-Identifier: MIT
# Numbers of several rounds.
function sort(list, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
}
# Of list[1..n], which is sorted then.
function median(list, n) {
	sort(list, n)
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
# Two contenders, whose rounds are "N,N,...": the median of how they were to each other in the same round, which says
# more than two medians where the machine changes meanwhile. The lowest and the highest: ratio_low, ratio_high.
function ratio_of(ours, theirs,    a, b, list, i, n, nr) {
	n = split(ours, a, ",")
	split(theirs, b, ",")
	for (i = 1; i <= n; i++)
		if (b[i] > 0)
			list[++nr] = a[i] / b[i]
	if (!nr)
		return 0
	sort(list, nr)
	ratio_low = list[1]
	ratio_high = list[nr]
	return median(list, nr)
}
# Records become values: of one contender in one row (PLACE ROW), whose value[who, 1..nr[who], COLUMN] the caller sets. Both
# in the order in which they come: rows[1..nr_rows], order[row, 1..nr_in[row]].
function next_record_of(row, name,    who) {
	if (!(row in nr_in))
		rows[++nr_rows] = row
	who = row " " name
	if (!(who in nr))
		order[row, ++nr_in[row]] = who
	nr[who]++
	return who
}
# The median of a column of one contender; all its values in list[1..n], sorted.
function median_of(who, column,    i) {
	split("", list)
	for (i = 1; i <= nr[who]; i++)
		list[i] = value[who, i, column] + 0
	return median(list, nr[who])
}
