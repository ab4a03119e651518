"""The bank of a verb, its files, and the servers behind it. No verb is here; every verb uses it.

bank_folder     a bank's folder for every verb that reads its files
customer_names  the customer of a verb, by id or by external key
selection       the bank of a verb: named, served, or the last one
services        the engine and the governance of releases, over a stack
stack           the servers of a verb, by URL or embedded
state           a bank's folder of state: what it was started with, whether it is served
"""
