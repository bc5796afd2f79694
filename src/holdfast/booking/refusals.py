"""What booking refuses, by name. Part of the door: others import these from `booking.api`."""

from holdfast.kit.errors import HoldfastError, Invalid, PaymentRequired


class RuleViolation(Invalid):
    """A rule of whoever sells it stands against the request; `errors` names every one. Change what it names."""

    code = "rule_violation"
    title = "A rule stands against this"


class CapacityTaken(HoldfastError):
    """Somebody else holds or has what was asked for. Choose another date, time or place, or try again later."""

    code = "sold_out"
    status = 409
    title = "No longer available"


class AlreadyBooked(CapacityTaken):
    """You have this flight booked or on hold. If you mean to book it once more, say so by `again`."""

    code = "already_booked"
    status = 409
    title = "You have booked this already"


class QuoteExpired(HoldfastError):
    """The price was promised until a moment that has passed. Ask for a new quote."""

    code = "quote_expired"
    status = 409
    title = "The quote has expired"


class HoldExpired(HoldfastError):
    """The hold ran out before it was confirmed or extended. Ask for a new quote and hold again."""

    code = "hold_expired"
    status = 409
    title = "The hold has expired"


class HoldNotActive(HoldfastError):
    """The hold was released or cancelled. Ask for a new quote and hold again."""

    code = "hold_not_active"
    status = 409
    title = "The hold is no longer active"


class AlreadyConfirmed(HoldfastError):
    """The hold became a booking before; `reference` names it."""

    code = "already_confirmed"
    status = 409
    title = "Already confirmed"


class ExtensionLimit(HoldfastError):
    """A hold lives 30 minutes in all at most. Confirm it, or let it go."""

    code = "hold_extension_limit"
    status = 409
    title = "The hold cannot be extended further"


class HoldQuotaExceeded(HoldfastError):
    """You hold as much as one account may at a time. Confirm or release a hold, or wait until one expires."""

    code = "hold_quota_exceeded"
    status = 429
    title = "Too many holds at once"


class QuoteSuperseded(HoldfastError):
    """A newer cancellation quote of this booking was made, or this one has run out. Use the newest."""

    code = "quote_superseded"
    status = 409
    title = "There is a newer quote"


class ChangeNotActive(HoldfastError):
    """The change was confirmed, let go or has run out. Ask for a new one."""

    code = "change_not_active"
    status = 409
    title = "The change is no longer open"


class NotRequested(HoldfastError):
    """The booking does not wait for an answer: it was accepted, declined or canceled, or its time is over."""

    code = "not_requested"
    status = 409
    title = "There is nothing to decide"


class AlreadyCancelled(HoldfastError):
    """The booking was cancelled before."""

    code = "already_cancelled"
    status = 409
    title = "Already cancelled"


class CancellationTooLate(HoldfastError):
    """The stay has begun; it can no longer be cancelled here. Talk to the host."""

    code = "cancellation_too_late"
    status = 409
    title = "Too late to cancel"


class GuaranteeRequired(PaymentRequired):
    """A table asks for a card that stands for it: keep one with `POST /v1/payment-methods` and name it.

    It is charged only for canceling late or not coming; `amount` is the fee.
    """

    code = "guarantee_required"
    title = "A kept card has to stand for this"


class ConsentRequired(Invalid):
    """What you say of your diet may tell of your health or belief: agree to who reads it, or leave it out."""

    code = "consent_required"
    title = "This needs your consent"


class VisitMoveRefused(HoldfastError):
    """A party does not get there from where it stands, or not yet; `state` says where it stands."""

    code = "visit_move_refused"
    status = 409
    title = "The party is not there"


class BelowSold(HoldfastError):
    """More is sold than would be left. `bookings` lists what stands against the change."""

    code = "below_sold"
    status = 409
    title = "More is sold than that"
