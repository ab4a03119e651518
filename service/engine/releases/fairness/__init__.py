"""Fairness at work: who is offered something, by group, before a policy serves and while it does.

measuring     a policy on a sample of the customers, and the decisions stored lately
gate_process  the release gate's question in a child process with bounds
"""
