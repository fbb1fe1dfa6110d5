"""Running the whole system as child processes of one command."""
