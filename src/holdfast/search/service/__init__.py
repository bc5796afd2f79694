"""The service of search: `search` answers its door; stays, dining and flights are found and kept by a class each."""
