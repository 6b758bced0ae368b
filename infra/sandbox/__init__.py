"""The sandbox: a function run on one hostile item at a time, in supervised children with limits.

A child that hangs, dies or eats memory costs the item it was working on and nothing else. What comes back
is JSON, never pickle: a child that has read hostile bytes is not trusted.
"""

from infra.sandbox.limits import Limits
from infra.sandbox.sandbox import Failure, Reply, Sandbox

__all__ = ["Failure", "Limits", "Reply", "Sandbox"]
