"""The database as a whole: migrated, partitioned, inspected, its secrets sealed anew.

migrate     the schema this version needs
partitions  events and decisions by month
inspection  version, settings, clock and rights of a PostgreSQL before it is trusted
secrets     all secrets of one database, sealed, checked or replaced
"""
