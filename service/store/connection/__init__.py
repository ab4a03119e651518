"""One PostgreSQL: its connections, deadlines and breaker, and the statements prepared on it.

wire        one libpq connection with a deadline, and its prepared statements
breaker     the breaker of PostgreSQL, and its metrics
database    connections, transactions and deadlines, and the error each failure becomes
encoding    names and documents as PostgreSQL's text, refused where it cannot hold them
bulk_copy   COPY of many rows into a staging table
row_limits  how many rows one client has in a table, counted without a race
"""
