"""Accounts: organizations, their members and API keys. Who sold things until now gets an organization of their own."""

import sqlalchemy as sa
from alembic import op

from holdfast.kit.db import alterations
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Json, Moment, Text, Whole

revision = "accounts_0005"
down_revision = "accounts_0004"
branch_labels = None
depends_on = None

_ROLES = "'owner', 'manager', 'desk', 'read_only'"
_ROLE_CHECK = "accounts_account_role_known_ck"
_ROLES_BEFORE = "role IN ('guest', 'owner', 'admin')"
_ROLES_NOW = "role IN ('guest', 'owner', 'operator', 'admin')"


def upgrade() -> None:
    alterations.change_check(op, "accounts_account", _ROLE_CHECK, old=_ROLES_BEFORE, new=_ROLES_NOW)
    _create_organization()
    _create_member()
    _create_invitation()
    _create_api_key()
    # What an account owned is its organization's from now on, under the same number.
    op.execute(
        "INSERT INTO accounts_organization (id, name, created_at) "
        "SELECT id, username, created_at FROM accounts_account WHERE role IN ('owner', 'admin')"
    )
    op.execute(
        "INSERT INTO accounts_member (organization_id, account_id, role, since) "
        "SELECT id, id, 'owner', created_at FROM accounts_account WHERE role IN ('owner', 'admin')"
    )


def downgrade() -> None:
    for table in ("api_key", "invitation", "member", "organization"):
        op.drop_table(f"accounts_{table}")
    op.execute("UPDATE accounts_account SET role = 'guest' WHERE role = 'operator'")
    alterations.change_check(op, "accounts_account", _ROLE_CHECK, old=_ROLES_NOW, new=_ROLES_BEFORE)


def _length(table: str, column: str, least: int, most: int) -> sa.CheckConstraint:
    return sa.CheckConstraint(
        sa.func.char_length(sa.column(column, Text(most))).between(least, most),
        name=op.f(f"accounts_{table}_{column}_length_ck"),
    )


def _known(table: str, column: str, values: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({values})", name=op.f(f"accounts_{table}_{column}_known_ck"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"accounts_{to}.id"], name=op.f(f"accounts_{table}_{column}_fk"))


def _create_organization() -> None:
    op.create_table(
        "accounts_organization",
        sa.Column("id", Whole(), autoincrement=False, nullable=False),
        sa.Column("name", Text(80), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_organization_pk")),
        _refers("organization", "id", "account"),
        _length("organization", "name", 1, 80),
        **STRICT,
    )


def _create_member() -> None:
    op.create_table(
        "accounts_member",
        sa.Column("organization_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("account_id", Whole(), autoincrement=False, nullable=False),
        sa.Column("role", Text(32), nullable=False),
        sa.Column("since", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "account_id", name=op.f("accounts_member_pk")),
        _refers("member", "organization_id", "organization"),
        _refers("member", "account_id", "account"),
        _known("member", "role", _ROLES),
        **STRICT,
    )
    op.create_index("accounts_member_account_id_ix", "accounts_member", ["account_id"])


def _create_invitation() -> None:
    op.create_table(
        "accounts_invitation",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("organization_id", Whole(), nullable=False),
        sa.Column("token_hash", Text(64)),
        sa.Column("email", Text(254), nullable=False),
        sa.Column("email_key", Text(254), nullable=False),
        sa.Column("role", Text(32), nullable=False),
        sa.Column("invited_by", Whole(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("used_at", Moment()),
        sa.Column("used_by", Whole()),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_invitation_pk")),
        sa.UniqueConstraint("token_hash", name=op.f("accounts_invitation_token_hash_uq")),
        _refers("invitation", "organization_id", "organization"),
        _known("invitation", "role", _ROLES),
        _length("invitation", "token_hash", 64, 64),
        _length("invitation", "email_key", 3, 254),
        sa.CheckConstraint("used_by IS NULL OR used_at IS NOT NULL", name=op.f("accounts_invitation_used_by_then_ck")),
        **STRICT,
    )
    op.create_index(
        "accounts_invitation_organization_id_created_at_ix", "accounts_invitation", ["organization_id", "created_at"]
    )
    op.create_index("accounts_invitation_expires_at_ix", "accounts_invitation", ["expires_at"])


def _create_api_key() -> None:
    op.create_table(
        "accounts_api_key",
        sa.Column("id", Text(40), nullable=False),
        sa.Column("key_hash", Text(64), nullable=False),
        sa.Column("prefix", Text(8), nullable=False),
        sa.Column("name", Text(60), nullable=False),
        sa.Column("account_id", Whole(), nullable=False),
        sa.Column("organization_id", Whole()),
        sa.Column("mode", Text(32), nullable=False),
        sa.Column("scopes", Json(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment()),
        sa.Column("last_used_at", Moment()),
        sa.Column("ended_at", Moment()),
        sa.Column("ended_why", Text(20)),
        sa.PrimaryKeyConstraint("id", name=op.f("accounts_api_key_pk")),
        sa.UniqueConstraint("key_hash", name=op.f("accounts_api_key_key_hash_uq")),
        _refers("api_key", "account_id", "account"),
        _refers("api_key", "organization_id", "organization"),
        _known("api_key", "mode", "'live', 'test'"),
        _length("api_key", "key_hash", 64, 64),
        _length("api_key", "name", 1, 60),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("accounts_api_key_ended_whole_ck")),
        **STRICT,
    )
    op.create_index("accounts_api_key_account_id_created_at_ix", "accounts_api_key", ["account_id", "created_at"])
