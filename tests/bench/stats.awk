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
