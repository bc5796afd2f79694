"""What the kit's compiled statements cost over the driver called by hand, on each engine."""
