"""From metered power to energy and losses, step by step and then by the hour. Pure: arrays in, arrays out.

metered_power   what each meter measured, cleaned, and what its transformer is
transformer_losses  no-load and load loss of each transformer, and what distortion and imbalance add
supply_network  flows and losses of the lines above the transformers, and whose they are
avoidable_losses    what the target power factor would save, transformer and lines together
hourly_energy   steps → hours
"""
