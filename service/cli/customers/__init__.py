"""Verbs about customers: their files, their decisions, their portrait, and the leads made of them.

import_files  `fourcast check-files | import`: a bank's files held against the contract
leads         `fourcast leads | advisers`: the branch's list built from a batch of decisions, what became of it
portrait      `fourcast portrait`: one customer on one page
recommend     `fourcast recommend | explain | replay`: the engine on the command line, the same answers as the API
"""
