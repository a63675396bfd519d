// SPDX-License-Identifier: MIT
/*
 * xdp INTERFACE pass|drop: an XDP program at an interface, in its driver, for as long as this process lives. It does
 * so to frames that have the room before them which it wants; others it drops.
 */
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROOM_BYTES 192 /* of the 256 that a driver has to leave there, some are the kernel's */

static int bpf(int cmd, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

static int load(enum xdp_action action)
{
	const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = -ROOM_BYTES },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_head },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .off = 6 }, /* to the last two */
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = ROOM_BYTES },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_xdp_adjust_head },
		{ .code = BPF_JMP | BPF_JNE | BPF_K, .off = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = (int)action },
		{ .code = BPF_JMP | BPF_EXIT },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = XDP_DROP },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = sizeof(program) / sizeof(program[0]);
	attr.license = (uintptr_t)"";
	return bpf(BPF_PROG_LOAD, &attr);
}

static int attach(int program, unsigned int interface)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = program;
	attr.link_create.target_ifindex = interface;
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	return bpf(BPF_LINK_CREATE, &attr);
}

int main(int argc, char **argv)
{
	unsigned int interface = argc == 3 ? if_nametoindex(argv[1]) : 0;
	int program;

	if (!interface || (strcmp(argv[2], "pass") != 0 && strcmp(argv[2], "drop") != 0)) {
		fprintf(stderr, "usage: xdp INTERFACE pass|drop\n");
		return 2;
	}
	program = load(strcmp(argv[2], "pass") == 0 ? XDP_PASS : XDP_DROP);
	if (program < 0 || attach(program, interface) < 0) {
		perror("xdp");
		return 1;
	}
	puts("attached");
	fflush(stdout);
	for (;;)
		pause();
}
