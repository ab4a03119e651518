"""One PostgreSQL: its address, connections, deadlines and breaker, and the statements prepared on it.

breaker     the breaker and the clock of PostgreSQL
database    its address, its connections, its deadline, and what its failures are called
encoding    what PostgreSQL's text cannot hold, refused before it gets there
wire        one libpq connection with a deadline
"""
