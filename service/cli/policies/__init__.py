"""Verbs of the marketer: check, propose, compare and approve a policy, and what its parts bring.

backtest      `fourcast backtest`: a policy held against what a bank's customers bought after the day of its files
calendar      `fourcast calendar`: bring in the official notice of a year's holidays, show what is known
challenge     `fourcast challenge`: another policy or bundle on trial, for a share of the customers
experiments   `fourcast experiments`: what each part of the method brings, with intervals
fairness      `fourcast fairness`: offer rates by group, and groups excused for a time
market        `fourcast market`: bring in a data supplier's rates, show until when each holds
policy        `fourcast policy`: check a folder of YAML, propose it, approve somebody else's, roll back
policy_value  `fourcast policy-value`: what a policy would bring, from logged decisions, before anybody sees it
rules         `fourcast rules measure`: what each fit rule changes, beside what its weight claims
try_facts     `fourcast try`: what a policy decides for a made-up customer at any instant; recorded nowhere
words         `fourcast words check`: texts judged by conduct rules before they become part of a policy
"""
