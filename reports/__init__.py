"""Reports for people who do not sign in: what was lost, what it costs, what to mend first, who did what.

models        a report that is wanted, and what became of it; a schedule of reports
services      asking for one; what is still to be made or sent
making        one report from its row to its files; sending: to the addresses of its schedule
content/      what a report says, from rows to blocks; writers/ those blocks as PDF, as XLSX and as CSV
"""
