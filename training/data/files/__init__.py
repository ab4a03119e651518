"""How a file is read: its encoding, how its lines are cut, of which kind each column is; strictly, and never guessed.

casting       what a query returned, in the kinds that the contract knows
csv_calls     where a bank's SQL reads CSV
csv_dialect   how the lines of a CSV are cut into values
csv_kinds     what each column of a CSV is
encoding      a bank's texts as its machines write them
ragged_lines  the lines of a CSV that cannot be rows of its table, told by file and number
table_files   a table to a .parquet or .csv file
tables        tables from CSV (also gzipped) or Parquet, their columns as numbers or names
"""
