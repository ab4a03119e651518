"""How a policy's documents become checked values: one module per document, one list of problems for them all.

``documents`` reads the folder strictly -> ``assembly`` calls the reader of each document in order -> every rule's own
cases are run. Every reader notes what is wrong and hands back a stand-in, so that all problems come at once.

    assembly        the order of reading, what refers to what, and the parts a policy is made of
    cases           a rule's own cases, run when the policy is checked
    catalogue       what is offered on which terms, over which roads, and the schema they open
    contact_cases   a contact rule's own cases
    contact_policy  when a customer may be contacted
    documents       bytes of YAML into plain documents, strictly, and one mapping of a document read key by key
    experiments     what is left to chance, who is held out, and the standing tests
    limits          how much a policy may hold that is proposed
    messages        a template per family, what an offer says instead, and every message of the policy written out
    monitoring      from where on drift, lost calibration and unequal acceptance are told
    portrait        who the customer is, what they hold, their stage, needs, tags, lifetime value and satisfaction
    positioning     which words a segment of the customers reads in the place of the plain ones
    rule_files      strategies.yaml and the four C's files
    terms           what an offer or a channel may state
    weights         the situation analysis and the experts' judgments, composed to the weights of the four C
"""
