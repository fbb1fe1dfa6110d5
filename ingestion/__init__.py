"""Data intake: how the bytes of an export become readings.

             module         what it does                                                  and makes
    bytes    receiving      keeps the file; the same one is not taken in twice            Upload
      ▼
    reading  exports        what a file holds, in any layout: rows, columns, questions    Interpretation
             inspection     with the answers given (``ImportOptions``) and remembered     Inspection
      ▼
    plan     in_blocks      can a plain table be gone through column by column?           LoadPlan, FileFormat
             conversion     else canonical rows are written beside the file               LoadPlan
      ▼
    blocks   parsing        whole lines with their numbers, then split into columns       TextBlock, ParsedBlock
      ▼
    rows     validation     substation, time, numbers and units, bounds, equal keys       ReadingRows, Problems
      ▼      derivation     what physics gives beside what was measured
    stored   storage        a block's new rows straight into the table; pending ranges    Stored
             merging        rows that may be there already: compared, then upserted       Stored

There is one plan: ``inspect``, the page of questions, the API and ``detect`` say and ask what ``exports`` found.
``loading`` takes a file through the last three under a lease, block by block, each block in one transaction; before, it
reads the whole file once, so that nothing is stored of a file that is over a limit or names an unknown substation.
``batches`` does the same for rows that come by the API or the feed. ``new_substations`` are those that a file brings
along. The rest of the project asks ``services`` alone.
"""
