"""Customers: stored, merged with a bank's files, read in one round trip, erased; and what they permit.

ahead          nobody can have said them yet, so they hold against nothing that is said now
consent_file   what a bank's file says of consents, laid beside what the customers themselves said
consents       their words on each purpose, and contacts reserved before they are made
erasure        which table keeps what of them, and what stays under a pseudonym
external_keys  external keys that a bank's file says of its customers
listing        who is stored, page by page in the order of their ids, to reconcile another system with
merging        how a bank's file meets what is stored of its customers
origins        who said each of a customer's attributes, and as of when
removals       what a file takes away from what is stored
repository     read and stored one by one, by id or by the bank's external key, and erased for good
retiring       who is in the bank's file no more
snapshots      all that a decision reads of a customer, in one statement
tombstones     nobody who was erased comes back by a file that was read before the erasure
writes         every change raises the customer's revision in the same transaction
"""
