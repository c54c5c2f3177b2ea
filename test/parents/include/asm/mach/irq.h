/* SPDX-License-Identifier: GPL-2.0-only */
#define atomic_io_modify(reg, mask, set)	writel((readl(reg) & ~(mask)) | (set), reg)
