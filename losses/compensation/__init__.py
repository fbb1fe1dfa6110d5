"""What to do about missing reactive power: which bank, at what cost, for what saving. Pure: arrays in, dataclasses out.

capacitor_bank      steps in service in each hour, and what is still missing
bank_sizing         from the duration curve of missing kvar to total, steps, fixed and automatic part
harmonic_guard      short-circuit power, resonance, voltage rise: plain, detuned, or a filter study first
inverter_capability what a solar inverter can supply before a bank is bought
compensated_losses  the losses of transformers and lines again, with the bank in place
compensated_bills   the bills again
bank_prices         cost of a bank, payback
bank_placement      which banks first, over a network
load_normalised     before and after a change, at equal active power
"""
