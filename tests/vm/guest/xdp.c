// SPDX-License-Identifier: MIT
/*
 * xdp INTERFACE ACTION [TO-INTERFACE]: gives an interface an XDP program, in the driver's own mode, until it is ended,
 * and says that it is attached.
 *
 *	pass		takes 200 octets of room in front of each frame, gives them back, and passes it on
 *	drop		drops all
 *	tx		sends each back to where it came from
 *	redirect	sends each by TO-INTERFACE
 *
 * The programs are written down in BPF's instructions: there is no compiler for them in a guest.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define INSN(op, to, from, jump, value)                                                                   \
	{                                                                                                 \
		.code = (op), .dst_reg = (to), .src_reg = (from), .off = (jump), .imm = (value)           \
	}
#define MOV_REG(to, from)		INSN(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0)
#define MOV(to, value)			INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
#define ADD(to, value)			INSN(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value)
#define LOAD(size, to, from, at)	INSN(BPF_LDX | BPF_MEM | (size), to, from, at, 0)
#define STORE(size, to, at, from)	INSN(BPF_STX | BPF_MEM | (size), to, from, at, 0)
#define CALL(helper)			INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper)
#define IF_NOT_0(reg, jump)		INSN(BPF_JMP | BPF_JNE | BPF_K, reg, 0, jump, 0)
#define IF_ABOVE(reg, than, jump)	INSN(BPF_JMP | BPF_JGT | BPF_X, reg, than, jump, 0)
#define EXIT				INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

static int bpf(enum bpf_cmd cmd, union bpf_attr *attr)
{
	return syscall(__NR_bpf, cmd, attr, sizeof(*attr));
}

static int load(const struct bpf_insn *insns, size_t nr)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_XDP;
	attr.expected_attach_type = BPF_XDP;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = nr;
	attr.license = (uintptr_t)"GPL";
	return bpf(BPF_PROG_LOAD, &attr);
}

#define LOAD_PROGRAM(insns) load(insns, sizeof(insns) / sizeof((insns)[0]))

static int load_verdict(int verdict)
{
	const struct bpf_insn insns[] = { MOV(BPF_REG_0, verdict), EXIT };

	return LOAD_PROGRAM(insns);
}

static int load_pass(void)
{
	const struct bpf_insn insns[] = {
		MOV_REG(BPF_REG_6, BPF_REG_1),
		MOV(BPF_REG_2, -200),
		CALL(BPF_FUNC_xdp_adjust_head),
		IF_NOT_0(BPF_REG_0, 6),
		MOV_REG(BPF_REG_1, BPF_REG_6),
		MOV(BPF_REG_2, 200),
		CALL(BPF_FUNC_xdp_adjust_head),
		IF_NOT_0(BPF_REG_0, 2),
		MOV(BPF_REG_0, XDP_PASS),
		EXIT,
		MOV(BPF_REG_0, XDP_ABORTED),
		EXIT,
	};

	return LOAD_PROGRAM(insns);
}

/* The two addresses change places. */
static int load_tx(void)
{
	const struct bpf_insn insns[] = {
		LOAD(BPF_W, BPF_REG_2, BPF_REG_1, 0), /* data */
		LOAD(BPF_W, BPF_REG_3, BPF_REG_1, 4), /* data_end */
		MOV_REG(BPF_REG_4, BPF_REG_2),
		ADD(BPF_REG_4, 14),
		IF_ABOVE(BPF_REG_4, BPF_REG_3, 10),
		LOAD(BPF_W, BPF_REG_5, BPF_REG_2, 0),
		LOAD(BPF_H, BPF_REG_6, BPF_REG_2, 4),
		LOAD(BPF_W, BPF_REG_7, BPF_REG_2, 6),
		LOAD(BPF_H, BPF_REG_8, BPF_REG_2, 10),
		STORE(BPF_W, BPF_REG_2, 0, BPF_REG_7),
		STORE(BPF_H, BPF_REG_2, 4, BPF_REG_8),
		STORE(BPF_W, BPF_REG_2, 6, BPF_REG_5),
		STORE(BPF_H, BPF_REG_2, 10, BPF_REG_6),
		MOV(BPF_REG_0, XDP_TX),
		EXIT,
		MOV(BPF_REG_0, XDP_DROP),
		EXIT,
	};

	return LOAD_PROGRAM(insns);
}

static int load_redirect(int to)
{
	const struct bpf_insn insns[] = {
		MOV(BPF_REG_1, to),
		MOV(BPF_REG_2, 0),
		CALL(BPF_FUNC_redirect),
		EXIT,
	};

	return LOAD_PROGRAM(insns);
}

static int load_action(const char *action, const char *to)
{
	if (!strcmp(action, "pass"))
		return load_pass();
	if (!strcmp(action, "drop"))
		return load_verdict(XDP_DROP);
	if (!strcmp(action, "tx"))
		return load_tx();
	if (!strcmp(action, "redirect") && to)
		return load_redirect(if_nametoindex(to));
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv)
{
	union bpf_attr attr;
	int prog;

	if (argc < 3) {
		fprintf(stderr, "usage: xdp INTERFACE pass|drop|tx|redirect [TO-INTERFACE]\n");
		return 2;
	}
	prog = load_action(argv[2], argv[3]);
	if (prog < 0) {
		perror("xdp: the program");
		return 1;
	}
	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = prog;
	attr.link_create.target_ifindex = if_nametoindex(argv[1]);
	attr.link_create.attach_type = BPF_XDP;
	attr.link_create.flags = XDP_FLAGS_DRV_MODE;
	if (bpf(BPF_LINK_CREATE, &attr) < 0) {
		perror("xdp: the interface");
		return 1;
	}
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
