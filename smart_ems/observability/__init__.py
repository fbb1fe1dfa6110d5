"""How an installation is seen from outside: figures, logs, errors, traces. Sent nowhere unless a variable says so."""
