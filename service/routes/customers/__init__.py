"""Resources of one customer, and the list of all.

customers    /v1/customers/{customer} and /v1/external-keys/{external_key}: customers stored and read, alone or in bulk
erasure      DELETE on the same paths, and /v1/customers?id= or ?external_key=: customers erased, for good
listing      GET /v1/customers/bulk: the list of customers, page by page, to reconcile another system with
preferences  GET and PUT /v1/customers/{customer_id}/preferences: what the customer permits, by purpose and channel
labels       GET and PUT /v1/customers/{customer_id}/labels: what they are called and decided by, dropped one by one
copy         GET /v1/customers/{customer_id}/copy and /copy.html: a copy of everything about a customer
objections   /v1/customers/{customer_id}/objections and /v1/objections: objections to decisions, and their answers
contacts     /v1/contacts: whether this customer may be contacted, now or at a planned time; reserved if so
portrait     GET /v1/customers/{customer_id}/portrait: who the customer is, what they hold and need
tokens       POST /v1/tokens: a short-lived token of one customer
"""
