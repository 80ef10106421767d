"""What the app observes about itself: response times, slow requests, security events."""
