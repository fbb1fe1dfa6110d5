"""No tables. Django announces the end of a migration only to applications with this module: ``roles`` needs that."""
