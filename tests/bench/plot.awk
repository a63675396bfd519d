# SPDX-License-Identifier: MIT
# The lines of summary.awk as commands for gnuplot: a panel for each row, a bar for each contender, the whisker from its
# lowest round to its highest. Use with words.awk.
function begin_page(    lines) {
	lines = line["loopxen"] + line["xen"]
	height = lines * PANEL_HEIGHT + HEAD
	printf "set terminal svg size %d,%d dynamic font 'DejaVu Sans,Liberation Sans,sans-serif,11' background '#ffffff'\n", \
		COLUMNS * PANEL_WIDTH, height
	print "set multiplot\nset style fill solid 0.85 noborder\nset border 3 lc '#808080'\nset tics nomirror out"
	print "set ytics textcolor '#606060'\nset xtics scale 0\nset grid y lc '#e0e0e0' lt 1\nunset key\nset bmargin 3.6"
	printf "set label 1 %s at screen 0.012, screen %f font ',15' noenhanced\n", quoted(about[1]), 1 - 22 / height
	printf "set label 2 %s at screen 0.012, screen %f noenhanced\n", \
		quoted(about[2] ". Bars: medians; whiskers: lowest and highest round; CPU: seconds per million requests, front + back"), \
		1 - 44 / height
}
function quoted(text) {
	gsub(/["\\]/, "\\\\&", text)
	return "\"" text "\""
}
function number(value) {
	return sprintf(value < 100 ? "%.1f" : "%.0f", value)
}
function is_throughput(row) {
	return block_bytes(row) > 44 * 1024
}
function panel(key,    at, part, i, who, scale, unit, top, left, bottom) {
	split(key, part, " ")
	for (i = 1; i <= nr_of[key]; i++)
		if (high[key " " i] > top)
			top = high[key " " i]
	if (is_throughput(part[2])) {
		scale = block_bytes(part[2]) / 1048576; unit = "MiB/s"
	} else if (top > 10000) {
		scale = 0.001; unit = "thousand requests/s"
	} else {
		scale = 1; unit = "requests/s"
	}
	at = nr_panels[part[1]]++
	left = at % COLUMNS / COLUMNS
	bottom = 1 - (HEAD + PANEL_HEIGHT * (first_line[part[1]] + int(at / COLUMNS) + 1)) / height
	printf "set origin %f, %f\nset size %f, %f\n", left, bottom, 1 / COLUMNS, PANEL_HEIGHT / height
	printf "set title \"%s\\n%s, %s\" noenhanced\n", row_load(part[2]), place_title(part[1]), row_cache(part[2])
	printf "set ylabel '%s' textcolor '#606060'\n", unit
	printf "$data%d << END\n", ++nr_data
	for (i = 1; i <= nr_of[key]; i++) {
		who = key " " i
		printf "%d %f %f %f %d %s %s\n", i, medians[who] * scale, low[who] * scale, high[who] * scale, \
			colour[name[who]], quoted(number(medians[who] * scale)), "\"" name[who] "\\nCPU " number(cpu[who]) "\""
	}
	printf "END\nset xrange [0.4:%f]\nset yrange [0:%f]\n", (nr_of[key] > 3 ? nr_of[key] : 3) + 0.6, top * scale * 1.18
	printf "plot $data%d using 1:2:(0.62):5:xtic(7) with boxes lc rgb variable, " \
		"'' using 1:3:(0):($4-$3) with vectors heads size screen 0.004,90 lw 1.2 lc '#303030', " \
		"'' using 1:4:6 with labels offset 0,0.7\nunset label\n", nr_data
}
BEGIN {
	COLUMNS = 4; PANEL_WIDTH = 330; PANEL_HEIGHT = 270; HEAD = 60
	colour["pvring"] = 1793717; colour["qdisk"] = 15166976; colour["blkback"] = 4956506; colour["fio"] = 10066329
}
$1 == "about" { about[++nr_about] = rest(1) }
$1 == "sum" && $2 != "usb" {
	key = $2 " " $3
	if (!(key in nr_of))
		keys[++nr_keys] = key
	who = key " " ++nr_of[key]
	name[who] = $4; medians[who] = $5; low[who] = $6; high[who] = $7; cpu[who] = $11 + $12
	if (nr_of[key] == 1)
		line[$2] = int((++in_place[$2] + COLUMNS - 1) / COLUMNS)
}
END {
	first_line["xen"] = line["loopxen"]
	begin_page()
	for (i = 1; i <= nr_keys; i++)
		panel(keys[i])
}
