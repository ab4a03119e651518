"""What serves, and how it comes to serve: policies proposed, checked and approved; bundles found, loaded and promoted.

active        what this worker serves with
artifacts     a folder, or by URL an artefact store (s3://, hdfs://, https:// ...) with a folder as its copy
challenger    who is served by the challenger
governance    what happens between a marketer's documents and the policy that serves
loader        policies and bundles by name, each loaded and checked once
models        the bundles of an installation, for who has to choose one
policy_check  a policy that is proposed is checked by a process of its own, with bounds on its time and memory
value_gate    what a proposed policy would have earned on the stored decisions, and the release gate that reads it
"""
