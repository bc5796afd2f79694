"""How the catalog answers its door, one file per subject; `catalog` is the door's class."""
