// SPDX-License-Identifier: MIT
#include "frontend/user/cpu_times.h"

#include <stdio.h>
#include <sys/resource.h>

static double seconds_of(struct timeval tv)
{
	return tv.tv_sec + tv.tv_usec / 1e6;
}

struct cpu_times cpu_times_now(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (struct cpu_times){ seconds_of(usage.ru_utime), seconds_of(usage.ru_stime) };
}

struct cpu_times cpu_times_since(const struct cpu_times *before)
{
	struct cpu_times now = cpu_times_now();

	return (struct cpu_times){ now.user_s - before->user_s, now.system_s - before->system_s };
}

void cpu_times_print_json(const struct cpu_times *cpu)
{
	printf("\"cpu_s\": {\"user\": %.3f, \"system\": %.3f}", cpu->user_s, cpu->system_s);
}
