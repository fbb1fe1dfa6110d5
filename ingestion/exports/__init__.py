"""What meters, loggers and historians write, read as a table of quantities. Pure: no Django, no clock.

containers      bytes → grids of cells (grids, text_tables, workbooks, green_button, metering_files: NEM12)
header_lines    grid → columns (table_rows): preamble, header_names, unit row; chosen_table picks sheets and members
meanings        a header's words (header_words) → what it measures (meaning, kinds), by the table in ``vocabulary``;
                table_meanings for all headers together (table_letters)
reshaping       historian lines (long_rows), days as rows (day_rows), qualities → one row per time (shapes)
instants        time columns → UTC: date_orders, times_of_day, counted_times, file_clock (zones, history: stations)
figures         cells → numbers: decimal sign, groups, units in cells, words for "missing"; side_words: lag, lead
quantities      the columns of one substation → its channels: powers (usable_columns, composition, energy_registers),
                currents_and_voltages, prefixes, transformer_ratios, power_signs, other_quantities
magnitudes      units that no header names, by √3·U·I (electrical_scales, lone_magnitudes); plausible_units: by
                nameplate and earlier readings; whole_columns: decided over all stations
conventions     signs of power factor and reactive power; contradictions: P, Q, S and PF that do not agree
assembly        rows by station (station_columns, station_parts, collected_rows); accounting: rejected rows and the
                plan of columns; omissions: what the plan would leave out is asked
interpretation  all of it for one file: what would be stored, how sure, what is asked (outcome)
"""
