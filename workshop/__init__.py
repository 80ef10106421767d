"""What the Makefile's targets do: setting up, building, generating, running the rooms of the test suite."""
