"""Energy and losses by the hour and the day, from readings and judgements that are stored already.

networks      which substations are accounted together
metered_batches  their readings, cleaned, on one grid of time
accounting/   energies and losses, pure
rollups       hours and days, worked out; rollup_storage stores them
corrections   hours that rest on a nameplate or a link that was put right since
stale_hours   which hours have to be worked out (again), and who does it
"""
