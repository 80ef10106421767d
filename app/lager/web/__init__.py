"""The HTTP door: routes, middleware, answers. Everything it decides about is in the domain packages."""
