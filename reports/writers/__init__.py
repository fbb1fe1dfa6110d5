"""The blocks of a report on paper (``pdf_paper``), as a workbook (``xlsx_workbook``) and as CSV (``statement_csv``)."""
