"""Reservation arithmetic: cells, claims, spans, money, prices, allocation.

Standard library only, no input or output, no clock: values in, values out. Everything bookable is a *cell*
(resource, slot) with a capacity; a *claim* takes units of some cells, all or none. The engine does not know that
stays, tables or flights exist; `holdfast.verticals` turns their requests into claims and price lines.
"""
