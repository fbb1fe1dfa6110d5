"""What the rest of the project may ask of data intake."""

from __future__ import annotations

from ingestion.batches import RowAnswer, load_rows
from ingestion.inspection import Inspection, inspect, look_with
from ingestion.loading import load
from ingestion.receiving import Received, answer, discard, load_again, queue_again, receive
from ingestion.upload_leases import LoadOutcome, unfinished_uploads
from ingestion.upload_quota import TooLarge, check_capacity

__all__ = [
    "Inspection",
    "LoadOutcome",
    "Received",
    "RowAnswer",
    "TooLarge",
    "answer",
    "check_capacity",
    "discard",
    "inspect",
    "load",
    "load_again",
    "load_rows",
    "look_with",
    "queue_again",
    "receive",
    "unfinished_uploads",
]
