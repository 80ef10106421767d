"""Example data: the store of a small plumber's and electrician's business. All suppliers are made up."""
