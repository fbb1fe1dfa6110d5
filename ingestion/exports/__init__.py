"""What meters, loggers and historians write, read as a table of quantities. Pure: no Django, no clock.

containers    bytes → grids of cells (text tables, workbooks, archives, Green Button, NEM12)
header_lines  grid → columns: preamble, header, unit row, second headers
wording       a header's words → what it measures, by the table in ``vocabulary``
reshaping     historian lines, days as rows, interval numbers → one row per time
moments       cells → UTC: order of the date, zone, epochs
figures       cells → numbers: decimal sign, groups, units in cells, words for "missing"
composition   columns → channels: totals before phases, import − export, energy → power
magnitudes    units that no header names, by √3·U·I
conventions   signs of power factor and reactive power
interpretation  all of it for one file: what would be stored, how sure, what is asked
"""
