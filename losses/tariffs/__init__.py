"""Tariffs as dated data, and bills from hourly energies. Pure: documents and arrays in, money out.

tariff_document   reading and checking a document: the schema, then what a schema cannot say
time_of_use       seasons, day types and periods on the local clock
metered_hours     hourly energies of a metering point, one substation or several
tariff_bill       bill(document, hours, month) -> Bill
priced_charges    energy, demand, capacity and fixed charges, taxes
power_factor_clauses    slabs, tables and factors over the month's power factor
reactive_clauses  excess kvarh, and kWh at a reference power factor
replayed_months   replayed_bills(document_on, hours, net_kvarh, months): months again with another reactive energy
reactive_change   the same hours with another reactive energy
month_forecast    where a month ends, and what an episode adds to it
three_lines       avoidable loss, penalty, released kVA
bill_check        a utility's bill against ours
worked_bills      bills worked by hand beside each tariff, and whether we agree with them
"""
