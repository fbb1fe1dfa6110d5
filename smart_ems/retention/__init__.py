"""How long what is kept: by kind, in days, deleted in pieces that any worker can go on with.

retention_kinds   what there is to keep, by which setting, and how much of it there is
reading_pruning   readings and scores: once their hours are accounted, and never so that these would change
row_pruning       files, events, messages, sessions, logs
pruning           one run: each kind under a lease, for a bounded time
"""
