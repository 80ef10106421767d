"""What a run is going to do, decided before anything is touched."""
