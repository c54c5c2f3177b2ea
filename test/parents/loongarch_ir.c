// SPDX-License-Identifier: GPL-2.0-only
#include "parents.h"
#include <asm/loongarch.h>
#undef pr_fmt
#include "drivers/irqchip/irq-loongarch-ir.c"

/* The hardware takes the command for which the driver waits, before the entry is another one's */
void loongarch_hardware(void)
{
	u32 *head = under_test->regs + LOONGARCH_IOCSR_REDIRECT_CQH;
	struct redirect_cmd *cmd = redirect_descs[0].inv_queue.cmd_base + *head;

	WARN_ON_ONCE(!test_bit(cmd->index.index, redirect_descs[0].ird_table.bitmap));
	*(u64 *)cmd->notice_addr = 1;
	*head = head[1];
}

static int setup(struct parent *p)
{
	redirect_irde_free(redirect_descs);
	redirect_reg_base = (unsigned long)p->regs;
	if (redirect_acpi_init(loongson_avec(p)))
		return -ENOMEM;
	p->domain = redirect_domain;
	p->map = redirect_descs[0].ird_table.bitmap;
	return loongson_offer(redirect_domain);
}

static void send(struct parent *p, u64 addr, u32 data)
{
	struct redirect_entry *entry = redirect_descs[0].ird_table.table + data;
	u64 gpid = (u64)entry->lo.gpid << GPID_ADDR_SHIFT | GENMASK_ULL(63, 48);

	if (addr == 1 << 2 && entry->lo.valid)
		loongson_raise(((struct redirect_gpid *)gpid)->irqnum);
}

#define IR	.nr = IRD_ENTRIES, .limit = AVEC_VECTORS, .setup = setup, .send = send, .below = loongson_vectors
PARENT(loongarch_ir, IR);
PARENT(loongarch_ir_numa_off, IR);
