"""Leads: built from a batch of decisions, judged again at every step, described for the adviser.

building        leads built: a batch of decisions in the advisers' channel, cut to the advisers' hours, best first
judging         the gates of a lead, judged again
attestation     advisers' yearly confirmation of the rules of conduct, without which no risk-rated lead is handed out
actors          advisers, substitutes and managers, and what each may do with a lead
leads           leads worked: listed, claimed, reported, planned, corrected, reassigned
confirmations   what must be confirmed before a lead's offer is sold
customer_facts  facts about a lead's customer that an adviser reads before the call
adviser_brief   the brief of a lead: talking points, reasons, what would unlock more
"""
