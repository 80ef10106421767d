"""Damage of every kind to every kind of file of a real repository: each is found, and none is taken for a backup."""
