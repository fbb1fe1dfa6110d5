"""``python -m smart_ems COMMAND``."""

from smart_ems.command_line import main

main()
