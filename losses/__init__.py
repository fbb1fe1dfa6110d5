"""Energy and losses by the hour and the day, from readings and judgements that are stored already.

networks      which substations are accounted together
metered_batches  their readings, cleaned, on one grid of time
accounting/   energies and losses, pure
rollups       hours and days, worked out; rollup_storage stores them
corrections   hours that rest on a nameplate or a link that was put right since
stale_hours   which hours have to be worked out (again), and who does it
tariffs/      documents and bills, pure; tariff_store, outlooks, month_costs and utility_bills store what they say
compensation/ banks against missing kvar, pure; hourly_loads and network_loads read hours for it, bank_replays replays
              twelve months, bank_ranks orders, recommendations and change_proofs store, what_if shows
"""
