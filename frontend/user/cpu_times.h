/* SPDX-License-Identifier: MIT */
/* CPU time of this process, all its threads together. Thread: any. Never fails. */
#ifndef FRONTEND_USER_CPU_TIMES_H
#define FRONTEND_USER_CPU_TIMES_H

struct cpu_times {
	double user_s, system_s;
};

struct cpu_times cpu_times_now(void);
struct cpu_times cpu_times_since(const struct cpu_times *before);
/* To stdout, as a member of a JSON object: "cpu_s": {...} */
void cpu_times_print_json(const struct cpu_times *cpu);

#endif
