"""Who changed what is configured, when, from what to what: by page, administration, API, import and worker alike."""
