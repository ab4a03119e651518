"""Events, each exactly once, and the trails, contacts and visitors that decisions count.

events        events and their keys, durable before they are acknowledged
trails        instants of events by kind, offer and channel, for decisions to read
contacts      contacts: reserved, cancelled, ended
contact_rows  rows of the contacts table, locked and changed within a transaction
visitors      devices on which nobody has signed in, and what was shown and dismissed on each
"""
