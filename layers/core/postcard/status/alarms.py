"""Maps the alarms of template.yaml to parts of the service and to sentences for the status page.

A sentence says what users noticed. It names no resource, no limit and no cause.
"""

from collections.abc import Mapping
from types import MappingProxyType

from postcard.runtime.lazy_dataclass import dataclass

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "pictures": "Pictures in mail",
        "api": "API and template editor",
        "batches": "Batches",
        "deletions": "Recalls and erasures",
        "webhooks": "Webhooks",
    }
)


@dataclass(frozen=True, slots=True)
class AlarmMeaning:
    """The affected part of the service, and what users noticed."""

    part: str
    sentence: str


_REPLACED = "Some pictures were replaced by a neutral one."
_FALLBACKS = "Some pictures were replaced by their fallback picture."
_SLOW_PICTURES = "Pictures that were opened for the first time appeared slowly."
_MISSING_PICTURES = "Some pictures were not shown."
_FAILED_CALLS = "Some calls of the API failed."
_DELETIONS_WAITED = "Recalls and erasures took longer than usual."
_WEBHOOKS_WAITED = "Some webhooks arrived later than usual."

MEANINGS: Mapping[str, AlarmMeaning] = MappingProxyType(
    {
        "ImageErrorsAlarm": AlarmMeaning("pictures", _REPLACED),
        "ImageThrottlesAlarm": AlarmMeaning("pictures", _REPLACED),
        "ImageApi5xxAlarm": AlarmMeaning("pictures", _REPLACED),
        "ImageApi4xxAlarm": AlarmMeaning("pictures", _REPLACED),
        "FallbacksAlarm": AlarmMeaning("pictures", _FALLBACKS),
        "ImageLatencyAlarm": AlarmMeaning("pictures", _SLOW_PICTURES),
        "UnverifiedAlarm": AlarmMeaning("pictures", _SLOW_PICTURES),
        "PicturesRefusedAlarm": AlarmMeaning("pictures", _MISSING_PICTURES),
        "EdgeErrorsAlarm": AlarmMeaning("pictures", _MISSING_PICTURES),
        "ApiErrorsAlarm": AlarmMeaning("api", _FAILED_CALLS),
        "Api5xxAlarm": AlarmMeaning("api", _FAILED_CALLS),
        "ApiLatencyAlarm": AlarmMeaning("api", "Calls of the API took longer than usual."),
        "TableThrottlesAlarm": AlarmMeaning("api", "Some calls of the API had to be repeated."),
        "BatchesFailedAlarm": AlarmMeaning("batches", "A batch stopped before its end."),
        "BatchThrottlesAlarm": AlarmMeaning("batches", "Batches took longer than usual."),
        "WorkerErrorsAlarm": AlarmMeaning("deletions", _DELETIONS_WAITED),
        "OldTasksAlarm": AlarmMeaning("deletions", _DELETIONS_WAITED),
        "DeadLettersAlarm": AlarmMeaning("deletions", "A recall or an erasure stopped half-way."),
        "UsageQueriesAlarm": AlarmMeaning("api", "Usage numbers were older than usual."),
        "OldDeliveriesAlarm": AlarmMeaning("webhooks", _WEBHOOKS_WAITED),
        "WebhookErrorsAlarm": AlarmMeaning("webhooks", _WEBHOOKS_WAITED),
    }
)

# Alarms for the operator only, each with the reason why users notice nothing.
OPERATOR_ALARMS: Mapping[str, str] = MappingProxyType(
    {
        "BudgetAlarm": "a limit that the sender set works as it should",
        "ConcurrencyHighAlarm": "a warning before anything is slow",
        "DeadDeliveriesAlarm": "the receiver's endpoint failed",
        "DeadHintsAlarm": "webhooks are delivered without hints too",
        "DisabledWebhooksAlarm": "the receiver's endpoint failed",
        "FoundStoredAlarm": "pictures are right, and cost more",
        "UnstoredAlarm": "pictures are right, and are drawn again",
        "UnsealedDecoderAlarm": "pictures are right; about the isolation of a process",
    }
)
