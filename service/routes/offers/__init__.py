"""Resources of offers: asked for by one customer, many, or a visitor; what happened to them; how they were decided.

offers     GET and POST /v1/customers/{customer_id}/offers: the next best offers of one customer, now
bulk       POST /v1/offers/bulk: the next best offers of up to 200 customers in one call, with a status each
visitors   POST /v1/offers and POST /v1/visitors/events: people of whom the bank knows nothing yet
events     POST /v1/events: what happened between customer and bank
decisions  GET /v1/decisions/{decision_id}: one decision as recorded, explained, or replayed
playground  POST /v1/try: a made-up customer at any instant, recorded nowhere
schemas    answers with offers, and their explanation: schemas that these resources share
reader_schemas  the explanations for the customer and for the adviser
"""
