"""The standard workload: two years of real reservations of one hotel, booked and canceled in order of date."""
