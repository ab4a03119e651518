"""Which bank a verb speaks of, its files, and the servers behind it. No verb is here; every verb uses it.

bank_folder     a bank's folder for every verb that reads its files
customer_names  how a verb's customer is named
selection       which bank a verb speaks of
services        the engine and the governance of releases, over a stack
stack           the servers a verb works with
state           a bank's folder of state, as a second terminal finds it
"""
