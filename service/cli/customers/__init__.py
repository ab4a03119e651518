"""Verbs about customers: their files, their decisions, their portrait, and the leads made of them.

advisers      `fourcast advisers`: who works leads, in which branch, for how many hours
check_files   `fourcast check-files`: a bank's SQL and files held against the contract; nothing is stored
customer      `fourcast customer`: a copy of everything about one customer, and the labels used on them
explain       `fourcast explain`: why a customer is offered what they are, why not the rest, and what would change it
impact        `fourcast impact`: impact assessments of what is done with personal data, written and listed
import_files  `fourcast import`: a bank's customers and consents, read from its files and stored
leads         `fourcast leads`: the branch's list built from a batch of decisions, and what became of it
objections    `fourcast objections`: customers' objections to decisions, listed by deadline and answered
portrait      `fourcast portrait`: one customer on one page
recommend     `fourcast recommend`: the next best offers of one customer, the same answer as the API
replay        `fourcast replay`: a stored decision decided again from its own record
"""
