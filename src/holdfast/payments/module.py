"""The plug of payments."""

from holdfast.kit.module import Built, House, Module
from holdfast.payments.service import AtProperty


def build(house: House) -> Built:
    """Put payments together. There is nothing to keep yet, so the house's database is not used."""
    del house
    return Built(api=AtProperty())


MODULE = Module(name="payments", build=build)
