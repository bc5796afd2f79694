"""What was done by whom to accounts, log-ins, organizations and keys."""

from typing import Final

from holdfast.accounts.models.base import tables
from holdfast.kit.activity.log import Activity

activity: Final = Activity("accounts", tables)
