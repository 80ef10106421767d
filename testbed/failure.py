"""The one error of the testbed: what failed, what was observed, the limit, the next step."""


class TestbedError(Exception):
    """A failure the operator can act on. Texts are German; `observed` and `limit` may be empty."""

    __test__ = False  # pytest would otherwise try to collect the class

    def __init__(self, what: str, *, observed: str = "", limit: str = "", next_step: str):
        super().__init__(what)
        self.what = what
        self.observed = observed
        self.limit = limit
        self.next_step = next_step

    def __str__(self) -> str:
        """Return the message, one fact a line, empty facts left out."""
        facts = {"Beobachtet": self.observed, "Grenze": self.limit, "Nächster Schritt": self.next_step}
        return "\n".join([self.what, *(f"  {name}: {text}" for name, text in facts.items() if text)])
