"""Real hosts and images for demo, molecule and tests, made from Debian packages and PyPI."""
