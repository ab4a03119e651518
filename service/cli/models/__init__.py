"""Verbs of the data scientist: train, tune, measure, report, watch, promote. Each loads ``training`` only when it runs.

dataset    `fourcast dataset`, and the part of `fourcast train` that learns from events
drift      `fourcast drift`: a bundle against the customers of today
evaluate   `fourcast evaluate`: a bundle's figures on any files with outcomes
inventory  `fourcast inventory`: every model, what the bank states of it, and its stop switch
models     `fourcast models`: the bundles there are, with their figures
promote    `fourcast promote`: a bundle made to serve, by its gates
report     `fourcast report`: a bundle's report and model card, as one HTML page without network or as JSON
rollback   `fourcast rollback`: the release before the one that serves, restored
score      `fourcast score`: every customer of a bank's files, scored by a bundle
tracking   runs and the names champion and challenger on the tracking server, where one is set
train      `fourcast train`: a bundle of models, from a bank's files or from the service's own events
tune       `fourcast tune`: a search for better recipes than the shipped ones
uplift     `fourcast uplift`: what an offer changes, for whom, from a trial with treated and untreated customers
"""
