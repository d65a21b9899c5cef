"""`messplus demo`: a gateway over recorded models, users who say what they think, and what it saves."""
