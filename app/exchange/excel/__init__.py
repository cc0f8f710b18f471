"""Workbooks: reading them, recognising what stands where, writing them."""
