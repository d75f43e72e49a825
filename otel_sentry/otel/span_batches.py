"""Groups encoded spans into envelopes of one trace each (wire format `span`). Runs on the span queue's thread.

Spans are encoded as they come; what their whole segment shares (its name, the user) is rendered when the envelope is
closed, so that a late route or wallet still reaches them.
"""
