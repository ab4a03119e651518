"""What serves, and how it comes to serve: policies proposed, checked and approved; bundles found, loaded and promoted.

active        what this worker serves with
artifacts     a folder, or by URL an artefact store (s3://, hdfs://, https:// ...) with a folder as its copy
challenger    who is served by the challenger
governance    what happens between a marketer's documents and the policy that serves
loader        policies and bundles by name, each loaded and checked once
models        the bundles of an installation, for those who have to choose one
policy_check  a policy that is proposed is checked by a process of its own, with bounds on its time and memory
policy_jobs   proposals and approvals that are answered later
promotion     a bundle is verified, held against the champion, the bank and the stored decisions, and then serves
scores        what a bundle says of a customer
value_check   what the release gate says of a policy or a bundle, found by a process of its own
value_gate    what a proposed policy would have earned on the stored decisions, and the release gate that reads it
"""
