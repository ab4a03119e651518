"""File import: a bank's files of customers and consents, merged with what is stored, in one transaction.

load           the transaction of a load, and customers: staged, checked, merged
losses         attributes and customers that a file takes away, as a sentence to agree to
merge          attribute by attribute: the newer value holds
erased         customers erased after the file was read are left out
retirement     customers whom a full file does not name: no outbound contact any more
external_keys  external keys given by a file, each to one customer
consents       consents of a file beside what customers said themselves: which holds
"""
