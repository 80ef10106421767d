"""`make faults`: every run disturbed at every moment, and every kind of broken release; ends in a generated page."""
