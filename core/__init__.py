"""What every app may use and what knows none of them: requests, time ranges, spreadsheets, formatting, components."""
