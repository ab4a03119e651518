"""A bank's folder and files: mapped by its SQL, checked against the data contract, every fault at once.

bank                what the bank is (bank.yaml) and the SQL that maps its files to our attributes and outcomes
check_files         a bank's folder and files, checked before anybody trains
consent_instants    when a row of consents.sql was said
contract            what a bank's tables must hold
dataset             what a bank's SQL returned, judged
external_keys       external keys in a bank's files
files               how a file is read
learnable           whether a bank's files hold enough to learn from
rejects             rows of a bank's files that do not fit
rows                what a bank's query returned, without the erased
sample              what a bank's models learn from
simulated_consents  simulated risk assessments, reach and consents
unlearnable         what a model cannot learn from
warehouse           a bank's SQL, run by DuckDB that is locked into the folder of the bank's files
"""
