"""Verbs of the data scientist: train, tune, measure, report, watch, promote. They load ``training`` when they are
asked for.

    dataset   `fourcast dataset`, and the part of `fourcast train` that learns from events: the store is read
    drift     `fourcast drift | evaluate`: a bundle against the customers of today
    report    `fourcast report`: a bundle's report and model card, as one HTML page without network or as JSON
    tracking  what other verbs tell the tracking server, where one is set
    train     `fourcast train | score | models | promote | rollback`: bundles, from a bank's files to what serves
    tune      `fourcast tune`: a search for better recipes than the shipped ones
    uplift    `fourcast uplift`: what an offer changes, for whom, from a trial with treated and untreated customers
"""
