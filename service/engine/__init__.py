"""The engine: where the pure core meets time, models and storage.

A request passes: ``auth`` identifies the client -> ``offers`` reads, decides, records and renders. ``releases`` keeps
what serves loaded. The other services read or write beside that path; ``runner`` works outside of requests.

    engine           the engine of one worker: its parts, and the path of a request for offers
    auth             authentication, scopes, quotas, and the customers that a client may reach
    releases         releases: proposed, checked, approved, loaded, promoted
    offers           offers: answered from the cache or decided, and the events that follow them
    contacts         contacts: reserved before they are made
    rights           rights of a customer: what they permit, what they are called, a copy of all
    explain          explanations and replays of decisions
    playground       decisions for made-up customers at any instant, recorded nowhere
    portrait         the portrait of a customer, as JSON
    outcomes         what came of decisions: the lift of standing tests, the effect of fit rules
    drift            drift of the serving bundle, measured on stored decisions
    crm              services for a bank's CRM: customers, lists, jobs, leads, webhooks
    metrics          Prometheus metrics of what the engine serves
    runner           work outside of requests, in processes of its own (``fourcast work``)
    runner_failures  unforeseen failures of the runner's work: logged, counted, backed off
"""
