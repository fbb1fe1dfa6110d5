"""What a report says: rows of the database put into blocks, which know neither paper nor spreadsheet.

blocks            what a report is made of, pure
monthly, shift, single_alert, feeder_statement   one for each kind
alert_tables, loss_tables, appendix              what they share
"""
