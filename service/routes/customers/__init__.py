"""Resources of one customer, and the list of all.

contacts     /v1/contacts: may we contact this customer, now or at a planned time
customers    /v1/customers and /{customer_id} below it, /v1/external-keys/{external_key}: customers stored, read
listing      GET /v1/customers/bulk: the roll of customers, page by page, to reconcile another system with
portrait     GET /v1/customers/{customer_id}/portrait: who the customer is, what they hold and need
preferences  GET and PUT /v1/customers/{customer_id}/preferences: what the customer permits, by purpose and channel
tokens       POST /v1/tokens: a short-lived token of one customer
"""
