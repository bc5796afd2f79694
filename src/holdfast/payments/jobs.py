"""What payments does by itself: tidy up. Following up on payments is the sagas' work."""

from typing import Final

from holdfast.kit.module import Job
from holdfast.payments.service.payments import Payments

_FORGET_EVERY_S: Final = 3600.0


def jobs(payments: Payments) -> tuple[Job, ...]:
    """Return the reconcilers of payments."""
    return (Job(name="payments.forget_old", every_s=_FORGET_EVERY_S, run=payments.forget_old),)
