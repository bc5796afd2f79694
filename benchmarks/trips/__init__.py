"""Tables, flights and trips over HTTP: a day's slots, a search for flights, a flash sale, and holds of every kind."""
