"""Settings of sagas: `HOLDFAST_SAGAS_*`."""

from pydantic import Field

from holdfast.kit.settings import ModuleSettings


class SagasSettings(ModuleSettings, env_prefix="HOLDFAST_SAGAS_"):
    """Where journeys keep their journal, and how patient they are."""

    journal_url: str = ""
    """Where DBOS keeps its journal: `sqlite:///file.db` or `postgresql://…`. Empty: on PostgreSQL the module's own
    database, in the schema `holdfast_sagas`; on SQLite a file beside the module's, named `<name>.sagas.db`; on
    MariaDB/MySQL the file `var/holdfast.sagas.db`. Processes that share a SQLite journal take turns: one runs sagas."""
    work_here: bool = True
    """Whether this process carries journeys out. At least one process must."""
    give_up_s: float = Field(default=900, ge=0, le=604_800)
    """How many seconds a step is tried while the provider or a database does not answer, before a person is asked."""
    first_pause_s: float = Field(default=0.2, gt=0, le=60)
    """Seconds before the second try of a step; every further pause is twice as long."""
    longest_pause_s: float = Field(default=30, gt=0, le=3_600)
    """Seconds between two tries at most."""
    refund_tries: int = Field(default=5, ge=1, le=100)
    """How often a refund that the provider fails is ordered before a person is asked."""
    dead_after_s: float = Field(default=15, ge=1, le=3_600)
    """A process that has not been seen for so many seconds is dead; others carry on with its journeys."""
    reconcile_every_s: float = Field(default=30, gt=0, le=86_400)
    """Seconds between two looks for payments that nobody has settled."""
    unsettled_after_s: int = Field(default=60, ge=0, le=86_400)
    """A payment nobody has touched for so many seconds is looked at by the reconciler."""
    keep_days: int = Field(default=90, ge=1, le=3_650)
    """How long journeys that are done are kept, in days."""
