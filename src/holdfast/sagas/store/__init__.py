"""Every SQL statement of sagas, and how the journal of DBOS is opened."""
