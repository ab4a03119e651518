"""Webhooks at work: what is new on the feed becomes deliveries; each is sent until it arrives or is given up.

addresses  where a message may be sent
sending    a message to an address that a stranger named
webhooks   what is new on the feed becomes deliveries, each is sent until it arrives or is given up
"""
