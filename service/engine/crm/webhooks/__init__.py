"""Webhook deliveries: sent until they arrive or are given up.

webhooks   webhook deliveries: fanned out from the change feed, shared out over receivers, retried with back-off
addresses  webhook URLs: strictly parsed, resolved once, public addresses only
sending    one signed message to a checked address, within one deadline
"""
