"""Files of a bank: encoding, dialect and kinds of their columns, found by the whole file and never guessed.

encoding      UTF-8, GB18030 or UTF-16: how the text of a file is encoded
csv_calls     calls of read_csv in a bank's SQL
csv_dialect   separator, quote and title of a CSV file
csv_kinds     the kind of each column of a CSV file
ragged_lines  lines of a CSV file that cannot be rows of its table
casting       columns of a query, cast to the kinds of the contract
table_reader  tables from CSV (also gzipped) or Parquet, their columns as numbers or names
table_writer  tables written as .parquet or .csv
"""
