"""What is tried first by whoever guesses passwords. Case-folded; what is shorter than a password may be is left out."""

from typing import Final

RUNS: Final = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
)
"""Rows of keys and signs; a piece of one, in either direction, is no password."""

ALSO_COMMON: Final = frozenset(
    """
    00000000 01234567 0123456789 0987654321 1111111111 12121212 123123123 12341234 1234512345 131313131 21122112
    22222222 23456789 33333333 44444444 54321012 55555555 66666666 77777777 87654321 88888888 98765432 987654321
    9876543210 99999999 aa12345678 aaaaaaaa abcdefgh abcdefghi admin1234 admin12345 adminadmin administrator
    alexander anderson asdasdasd bailey123 basketball benjamin california caroline changeme123 charlotte
    chocolate christian christine courtney danielle december elizabeth estrella everyday facebook facebook1
    falcon123 flower123 franklin galaxy123 hahahaha harley123 hello_world hellohello isabella jacqueline
    jennifer jonathan kimberly kristina lavender letmein12 letmein123 lovelove michelle minecraft1 newcastle
    nicholas november p@ssword pass12345 passpass password. password1! password12345 passwort1 patricia
    princess123 qqqqqqqq qweqweqwe qwerqwer remember sebastian secret1234 september silver123 solution stephanie
    sterling summer123 summer2020 summer2021 summer2022 summer2023 summer2024 tamagotchi tennis123 test12345
    testtest tigger123 tweety123 universe veronica victoria volleyball w1lliams welcome1234 winter123 winter2023
    wrestling wwwwwwww xxxxxxxx yamaha123 zaq1zaq1 zxcvbnm123456 zxczxczxc zzzzzzzz
    """.split()  # noqa: SIM905 - as a list it would be a hundred lines
)
"""Beside the 30,000 that come with zxcvbn."""

CONTEXT: Final = ("holdfast", "reservation", "booking")
"""Words of this product."""
