"""Alarms that reach people: from the events of alerts to messages that have arrived.

    AlertEvent ─► Delivery ─► OutgoingMessage ─► e-mail, webhook, file, chat, SMS
             routing     outbox            dispatching
             escalations

Every arrow reads rows and writes rows in one transaction, so that each can be killed at any moment and run again.
``routing`` asks which routes an event matches and renders what is said of it, ``outbox`` waits, groups and caps and
puts what is due together into messages, ``dispatching`` claims each message under a lease, sends it and tries again.
"""
