"""Settings of the catalog."""

from pydantic import Field

from holdfast.catalog.api import SERVICE_BP_MAX
from holdfast.kit.settings import ModuleSettings


class CatalogSettings(ModuleSettings, env_prefix="HOLDFAST_CATALOG_"):
    """What the platform decides about new properties."""

    service_bp: int = Field(
        default=0,
        ge=0,
        le=SERVICE_BP_MAX,
        description="Service fee of new properties, in basis points of nights and fees.",
    )
