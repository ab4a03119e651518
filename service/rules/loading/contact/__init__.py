"""contact.yaml and calendar.yaml into checked values: when, how often and after what a customer may be contacted.

calendar        calendar.yaml: the State Council's notices, and the days fixed by law
calendar_text   calendar.yaml written out
notice_table    a notice as rows of a table, into the form in which calendar.yaml holds it
contact_policy  contact.yaml: consents, quiet hours, caps and cool-offs
contact_cases   a contact rule's own cases
"""
