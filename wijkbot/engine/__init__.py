"""What should happen next? Pure functions over frozen values, standard library only."""
