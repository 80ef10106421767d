"""The Lager app: inventory for a German craft business.

Doors (``web``, ``cli``) call the domain (``accounts``, ``articles``, ``locations``, ``company``), which talks to
MongoDB through ``database``. The single-page application lives in ``app/frontend`` and is served by ``web.frontend``.
"""
