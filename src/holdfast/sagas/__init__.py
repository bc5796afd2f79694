"""Journeys across booking and payments that outlive a crash: place, cancel, change, pay late, expire.

One file per saga; its docstring names the steps as do/undo pairs. What has to be done is a row of the module's own (a
*journey*), written in the transaction that moves the cursor of the event it follows from; DBOS carries it out and keeps
in its journal which steps are done (docs/decisions/0012). Losing that journal loses nothing: a journey that is not done
begins anew, and every step may be repeated, because each call outward carries a key of its own.

Nothing on the path of a hold or a confirm waits for a saga.
"""
