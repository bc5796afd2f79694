"""Pairs of e-mail addresses, and whether they are one mailbox to Holdfast. `{}` is filled with a name of the test's."""

SAME = (
    ("{}@example.com", "{}@example.com"),
    ("{}@example.com", "{}@EXAMPLE.com"),
    ("admin{}@example.com", "ADMIN{}@example.com"),
    ("admin{}@example.com", "aDmIn{}@Example.Com"),
    ("admin{}@example.com", "\uff41dmin{}@example.com"),  # fullwidth a
    ("admin{}@example.com", "\uff21\uff24\uff2d\uff29\uff2e{}@example.com"),  # fullwidth capitals
    ("{}@example.com", "{}\uff20example.com"),  # fullwidth @
    ("{}@example.com", "{}@\uff45xample.com"),
    ("{}@example.com", "{}@example\uff0ecom"),  # fullwidth dot
    ("{}@example.com", "{}@example\u3002com"),  # ideographic dot
    ("andre\u0301{}@example.com", "andr\u00e9{}@example.com"),  # NFD, NFC
    ("andre\u0301{}@example.com", "ANDR\u00c9{}@example.com"),
    ("{}@caf\u00e9.example", "{}@cafe\u0301.example"),
    ("{}@caf\u00e9.example", "{}@xn--caf-dma.example"),  # IDNA
    ("{}@caf\u00e9.example", "{}@CAF\u00c9.example"),
    ("{}@b\u00fccher.example", "{}@xn--bcher-kva.example"),
    ("{}@b\u00fccher.example", "{}@XN--BCHER-KVA.EXAMPLE"),
    ("stra\u00dfe{}@example.com", "strasse{}@example.com"),
    ("STRASSE{}@example.com", "stra\u00dfe{}@example.com"),
    ("{}@stra\u00dfe.example", "{}@strasse.example"),
    ("kelvin{}@example.com", "\u212aelvin{}@example.com"),  # Kelvin sign
    ("{}@kelvin.example", "{}@\u212aelvin.example"),
    ("angstr\u00f6m.\u00e5{}@example.com", "angstr\u00f6m.\u212b{}@example.com"),  # Angstrom sign
    ("{}@example.com", "{}@example.com "),  # trailing space, which MariaDB would ignore by itself
    ("{}@example.com", " {}@example.com"),
    ("{}@example.com", "{}@example.com\u00a0"),  # no-break space
    ("\ufb01sh{}@example.com", "fish{}@example.com"),  # ligature fi
    ("file{}\u00b2@example.com", "file{}2@example.com"),  # superscript
    ("\u03c3\u03bf\u03c6\u03cc\u03c2{}@example.com", "\u03a3\u039f\u03a6\u038c\u03a3{}@example.com"),  # final sigma
    ("\u0434\u0430\u0448\u0430{}@example.com", "\u0414\u0410\u0428\u0410{}@example.com"),  # Cyrillic, by case only
)

DISTINCT = (
    ("{}.x@example.com", "{}x@example.com"),  # dots count: only some mail servers ignore them
    ("{}.x.y@example.com", "{}.xy@example.com"),
    ("{}+trips@example.com", "{}@example.com"),
    ("{}+a@example.com", "{}+b@example.com"),
    ("{}-x@example.com", "{}_x@example.com"),
    ("{}@example.com", "{}@example.org"),
    ("{}@example.com", "{}@mail.example.com"),
    ("{}@googlemail.com", "{}@gmail.com"),
    ("e{}@example.com", "\u00e9{}@example.com"),  # an accent is a letter of its own
    ("admin{}@example.com", "\u0430dmin{}@example.com"),  # Cyrillic a: looks alike, is another letter
    ("\u0131{}@example.com", "i{}@example.com"),  # dotless i
    ("0{}@example.com", "o{}@example.com"),
)
