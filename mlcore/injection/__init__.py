"""Faults put into a substation's own calm readings: to learn what they would look like here, and what would be found.

``fault_plan`` draws faults, ``faults`` changes the readings as physics would, ``record`` does both for a fleet.
"""
