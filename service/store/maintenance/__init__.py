"""The database as a whole: brought to this version's schema, partitioned, inspected, filled by COPY, its secrets
sealed anew.

    copy        COPY into a staging table, check all of them, then one statement into place
    inspection  how a PostgreSQL stands before it is trusted
    migrate     bringing a database to the schema this version needs
    partitions  events and decisions by month
    secrets     all secrets of one database at once
"""
