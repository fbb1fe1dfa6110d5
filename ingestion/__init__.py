"""Data intake: how the bytes of an export become readings.

             module         what it does                                                  and makes
    bytes    receiving      keeps the file; the same one is not taken in twice            Upload
      ▼
    format   sniffing       encoding, delimiter, decimal sign, header line                FileFormat
      ▼
    plan     mapping        which column is which channel, in which unit                  ColumnGuess, ColumnChoice
             inspection     what a person still has to answer (``ImportOptions``)         Inspection, ImportPlan
      ▼
    blocks   parsing        whole lines with their numbers, then split into columns       TextBlock, ParsedBlock
      ▼
    rows     validation     substation, time, numbers and units, bounds, equal keys       ReadingRows, Problems
      ▼      derivation     what physics gives beside what was measured
    stored   storage        upsert of a block; a pending range for each substation        Stored

``exports`` reads what meters, loggers and historians write, in any layout, and says what is sure and what is asked;
``conversion`` puts its canonical rows beside the file where headers alone would not do.
``loading`` takes a file through the last three under a lease, block by block, each block in one transaction; before, it
reads the whole file once, so that nothing is stored of a file that is over a limit or names an unknown substation.
``batches`` does the same for rows that come by the API or the feed. ``new_substations`` are those that a file brings
along. The rest of the project asks ``services`` alone.
"""
