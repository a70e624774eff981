"""Which usage a caller asks for and may see."""

from collections.abc import Sequence

from postcard.ports import UsageKey
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Selects usage by template and campaign; None selects all, `campaign` "" what has none.

    `templates` are those that the caller may see.
    """

    template_id: str | None = None
    campaign: str | None = None
    templates: Sequence[str] | None = None

    def accepts(self, key: UsageKey) -> bool:
        """Whether usage of this key is selected."""
        return (
            (self.template_id is None or key.template_id == self.template_id)
            and (self.campaign is None or key.campaign == self.campaign)
            and (self.templates is None or key.template_id in self.templates)
        )
