"""L7: what a result was made from, as a card that stands under it."""

from radkit.report.card import ProvenanceCard, card, package_versions

__all__ = ["ProvenanceCard", "card", "package_versions"]
