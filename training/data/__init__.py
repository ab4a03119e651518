"""A bank's folder and files: mapped by its SQL, checked against the data contract, every fault at once.

bank                a bank's folder: bank.yaml and the SQL that maps its files to our attributes and outcomes
files               encoding, dialect and kinds of a file
warehouse           the bank's SQL, run by DuckDB that can read the folder of the bank's files and nothing else
query_rows          rows of a query, without the erased customers
table_contract      what each table must hold, with every fault
purchases           what customers bought by kind of product, where the outcomes say it
external_keys       the column of customers' keys in other systems, checked
consent_instants    the earliest and latest instant of each consent
rejects             rows that do not fit, set aside
bank_tables         customers, outcomes, lapses and consents, read and checked
training_sample     the matrix that models learn from
sufficiency         whether a sample holds enough to learn from
check_files         all faults of a bank's folder and files, before training
simulated_consents  simulated risk assessments, reachability and consents
"""
