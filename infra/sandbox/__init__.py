"""A sandbox: one function, run on one item at a time in supervised children with limits.

What an item's bytes do to a child costs that item alone, and no child sees the network, the caller's
environment, or another item.
"""

from __future__ import annotations

from infra.sandbox.limits import Limits
from infra.sandbox.pool import Sandbox
from infra.sandbox.reply import Failure, Reply

__all__ = ["Failure", "Limits", "Reply", "Sandbox"]
