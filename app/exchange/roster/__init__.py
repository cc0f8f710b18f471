"""From recognised rows to a plan against the register, and the plan carried out."""
