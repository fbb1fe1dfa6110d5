"""Energy and losses by the hour and the day, from readings and judgements that are stored already.

networks      which substations are accounted together
metering      their readings, cleaned, on one grid of time
accounting/   energies and losses, pure
rollups       hours and days, stored
pending       which hours have to be worked out (again), and who does it
"""
