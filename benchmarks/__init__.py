"""How fast and how accurate: harnesses behind ``./ems bench`` and ``./ems evaluate``, and no part of what runs."""
