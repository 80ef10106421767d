"""The models of the Windows modules that the project uses; everything else fails loudly."""

from testbed.windows.modules import certificates, files, iis, machine, programs, security, web
from testbed.windows.modules.registry import MODELLED, ModuleFailed

__all__ = ["MODELLED", "ModuleFailed", "certificates", "files", "iis", "machine", "programs", "security", "web"]
