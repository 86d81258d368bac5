"""Scheduled posts on their way: each slot of a schedule, to each recipient, once in effect.

Slack has no idempotency key and any process may die anywhere, so no single step can promise that. Together they do:
rows that are unique for a slot and a recipient, leases with a fencing token, a message frozen before its first send,
a look into the channel before any second one, and a sweep that takes copies back.

service      what is due, who works on it, what is swept up
posting      one claimed fire, step by step
content      its question, answered as of the slot within the rights of now
telling      failures reach people
contacts     what is known of channels and people, learnt ahead of a big batch
lanes, crew  one message at a time for each channel; the threads
terms        times, limits, and what delivery needs of others
"""

from bot.services.delivery.service import DeliveryService
from bot.services.delivery.terms import Caretakers, DeliverySettings, Reports

__all__ = ["Caretakers", "DeliveryService", "DeliverySettings", "Reports"]
