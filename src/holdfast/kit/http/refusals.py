"""What the edge itself refuses, before any module is asked."""

from holdfast.kit.errors import HoldfastError


class MalformedJson(HoldfastError):
    """The body is not one JSON document (RFC 8259, UTF-8, no byte order mark). Nothing was read from it."""

    code = "malformed_json"
    status = 400
    title = "The body is not JSON"


class DuplicateKey(HoldfastError):
    """An object of the body names a member twice; `errors` points at it. Send each member once."""

    code = "duplicate_key"
    status = 400
    title = "A member is named twice"


class JsonTooDeep(HoldfastError):
    """The body nests arrays and objects deeper than 32 levels."""

    code = "json_too_deep"
    status = 400
    title = "The body is nested too deeply"


class InvalidUnicode(HoldfastError):
    r"""A text of the body holds half of a surrogate pair (such as `"\ud800"`), which is no character."""

    code = "invalid_unicode"
    status = 400
    title = "A text is not valid Unicode"


class InvalidEncoding(HoldfastError):
    """The body or the URL is not UTF-8."""

    code = "invalid_encoding"
    status = 400
    title = "The request is not UTF-8"


class DuplicateParameter(HoldfastError):
    """A query parameter that takes one value was sent more than once; `errors` names it."""

    code = "duplicate_parameter"
    status = 400
    title = "A parameter is repeated"


class MethodNotAllowed(HoldfastError):
    """This address does not know the method. The `Allow` header lists those it knows."""

    code = "method_not_allowed"
    status = 405
    title = "The method is not allowed here"


class NotAcceptable(HoldfastError):
    """The `Accept` header excludes what this address can answer. Leave it out, or accept `application/json`."""

    code = "not_acceptable"
    status = 406
    title = "No acceptable representation"


class PayloadTooLarge(HoldfastError):
    """The body is larger than the server reads. The connection is closed; nothing was done."""

    code = "payload_too_large"
    status = 413
    title = "The body is too large"


class UriTooLong(HoldfastError):
    """The address with its query is longer than 8 KiB."""

    code = "uri_too_long"
    status = 414
    title = "The address is too long"


class UnsupportedMediaType(HoldfastError):
    """Send the body as `Content-Type: application/json` in UTF-8 and without `Content-Encoding`."""

    code = "unsupported_media_type"
    status = 415
    title = "The body has the wrong type"


class HeadersTooLarge(HoldfastError):
    """The request has more than 100 header fields, or more than 32 KiB of them."""

    code = "headers_too_large"
    status = 431
    title = "The headers are too large"


class AmbiguousFraming(HoldfastError):
    """The length of the body is stated twice and not alike. The connection is closed."""

    code = "ambiguous_framing"
    status = 400
    title = "The length of the body is ambiguous"


class HostNotAllowed(HoldfastError):
    """The `Host` header names none of this server's hosts."""

    code = "host_not_allowed"
    status = 400
    title = "This is not that host"


class OriginNotAllowed(HoldfastError):
    """Pages of this origin may not call this server. The operator allows origins by `HOLDFAST_CORS_ORIGINS`."""

    code = "origin_not_allowed"
    status = 403
    title = "The origin is not allowed"


class InternalError(HoldfastError):
    """Something went wrong on our side and was logged under `request_id`. Trying again with the same key is safe."""

    code = "internal_error"
    status = 500
    title = "Something went wrong"


class CardNumberRefused(HoldfastError):
    """A field holds what looks like a card number; `errors` names it. Pay with the token of the provider's form."""

    code = "card_number_refused"
    status = 422
    title = "Card numbers are not taken here"
