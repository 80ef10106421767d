"""Servers that stream to each other: who is the primary, who follows and how far, who takes over (ADR 0055).

A person decides on a failover; with two servers nobody else can tell a dead primary from a cut cable.
"""
