"""A policy's documents into checked values: one module per document, one list of problems for all of them.

``documents`` reads the folder strictly, ``assembly`` calls the reader of each document in order, then every rule's own
cases are run. A reader notes each problem and returns a stand-in, so that all problems are found at once.

    documents    bytes of YAML into plain documents, and one mapping of a document, read key by key
    limits       how much a proposed policy may hold
    assembly     the order of reading, and the parts that a policy is made of
    goods        catalogue.yaml, channels.yaml, kinds.yaml, market.yaml: offers, terms, channels, kinds, market rates
    rule_files   strategies.yaml and the four C's files: strategies, gates, fit rules
    rule_text    a rule file written out with other weights, every comment kept
    cases        a rule's own cases, run when the policy is checked
    weights      weights.yaml: the situation analysis and the experts' judgments as weights of the four C
    contact      contact.yaml and calendar.yaml: consents, quiet hours, caps and cool-offs, holidays
    experiments  experiments.yaml: exploration, holdout and standing tests
    messages     messages.yaml: a template per family, own words per offer, and all messages written out
    positioning  messages.yaml, positioning: a segment's words in place of the plain ones
    portrait     portrait.yaml: labels, holdings, stages, needs, tags, lifetime value, satisfaction
    monitoring   monitoring.yaml: the bounds of drift, calibration and fairness
"""
