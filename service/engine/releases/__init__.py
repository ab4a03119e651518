"""Releases: policies proposed, checked and approved; bundles fetched, loaded and promoted; and what serves.

governance            policies: proposed, compared, approved, put on trial, rolled back
policy_check_process  a proposed policy checked by a child process with limits on time and memory
policy_jobs           proposals and approvals that the runner carries out later
artifacts             bundle folders: on this machine, or fetched from an artefact store
promotion             a bundle verified, compared with the champion, and made to serve
value_gate            the value of a policy on stored decisions, and the gate that reads it
value_gate_process    the value gate in a child process with a limit on its time
loader                policies and bundles by name, each loaded and checked once
active_release        the release that this worker serves, and the thread that follows it
fairness              offer rates by group, before a policy serves and while it does
law_stops             what the statutory gates stopped: counted, told as an alarm, audited
challenger            the share of customers that the challenger serves
scores                scores of customers by a bundle; none without personalisation
models                the bundles of an installation, and the inventory of every model in them
"""
