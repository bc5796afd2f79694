"""Paying at the property: the one way there is so far."""

from holdfast.payments.api import Arrangement, PaymentMethod, PaymentStatus


class AtProperty:
    """Answers PaymentsApi where guests pay their host on arrival, so that nothing is authorised, kept or captured."""

    async def arrange(self, *, hold_id: str, method: PaymentMethod) -> Arrangement:
        """Agree on how a hold is paid, before it is confirmed. Repeating it for the same hold changes nothing.

        The answer does not depend on the hold: what is due is written on the booking, in the transaction that confirms
        it, and the host collects it.
        """
        del hold_id
        return Arrangement(method=method, status=PaymentStatus.DUE_AT_PROPERTY)
