"""Accounts: consents may be withdrawn by the operator, for somebody who asked for it."""

from alembic import op

from holdfast.kit.db import alterations

revision = "accounts_0009"
down_revision = "accounts_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    alterations.change_check(
        op,
        "accounts_consent",
        "accounts_consent_how_known_ck",
        old="how IN ('account', 'unsubscribe')",
        new="how IN ('account', 'unsubscribe', 'operator')",
    )


def downgrade() -> None:
    # What an operator noted would not fit: the only way down is to the base.
    pass
