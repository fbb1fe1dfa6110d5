"""What meters, loggers and historians write, read as a table of quantities. Pure: no Django, no clock.

containers    bytes → grids of cells (text tables, workbooks, archives, Green Button, NEM12)
header_lines  grid → columns: preamble, header, unit row, second headers; chosen_table picks sheets and members
meanings      a header's words → what it measures, by the table in ``vocabulary``; table_meanings for all headers
reshaping     historian lines (long_rows), days as rows (day_rows), qualities → one row per time (shapes)
instants      time columns → UTC: order of the date, zone, epochs, history of the substation (stations)
figures       cells → numbers: decimal sign, groups, units in cells, words for "missing"
composition   columns → quantities: totals before phases, import − export, energy → power
magnitudes    units that no header names, by √3·U·I; plausible_units: by nameplate and earlier readings
conventions   signs of power factor and reactive power
assembly      rows by station; accounting: rejected rows and the plan of columns
interpretation  all of it for one file: what would be stored, how sure, what is asked (outcome)
"""
