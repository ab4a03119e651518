"""The impact assessment of what is done with personal data, made from what the service really does.

Which data are stored and by how many places of the serving policy each is read, for which purposes, what the decision
is, which risks follow and what holds against each. The bank judges; nothing here says that a risk is acceptable. Each
one that is written is a whole row of the audit log, which nothing ever shortens: so it is kept for three years and
more. Source: PIPL art. 55 and 56.
"""

import re
from typing import Any

import orjson

from service.core.clock import Clock
from service.core.domain import Text
from service.engine.releases.active_release import ActiveRelease, ReleaseFollower
from service.engine.rights.filing import Filing
from service.engine.rights.preferences import purposes_of
from service.rendering.answer import iso
from service.rendering.copy_names import name_codes
from service.rendering.copy_page import TITLES
from service.rules.policy import Policy
from service.rules.statutory import STATUTORY
from service.scoring.models import Bundle
from service.store import Store
from service.store.customers.copy import SECTIONS

ACTION = "impact.assess"
"""What the audit log calls an assessment."""
RISKS: tuple[tuple[Text, Text], ...] = (
    ({"zh": "推荐超出客户风险承受能力或其意愿的产品", "en": "an offer above the customer's tolerance, or unwanted"},
     {"zh": "法定规则在政策自身规则之后对每项推荐再次判断", "en": "statutory gates after the policy's own"}),
    ({"zh": "自动化决策使客户处于不合理的差别待遇", "en": "unreasonable difference by an automated decision"},
     {"zh": "个人特征须有法定依据；按人群比较推荐率；客户可提出异议并由人工答复",
      "en": "traits need a lawful ground; offer rates compared by group; objections answered by a person"}),
    ({"zh": "客户不愿被画像", "en": "a customer who does not want to be profiled"},
     {"zh": "个性化可一次关闭，标签可逐项拒绝，下一次答复即生效",
      "en": "personalisation is refused by one word, each label dropped, from the next answer on"}),
    ({"zh": "未经同意的联系", "en": "contact without consent"},
     {"zh": "按用途和渠道分别同意，发送时再次核对", "en": "consent per purpose and channel, asked again when sending"}),
    ({"zh": "未经授权查看或更改客户信息", "en": "looks or changes without a right"},
     {"zh": "按权限访问，网点仅见本网点客户，每次查看留痕，审计日志不可篡改",
      "en": "scopes, branches see their own, every look on record, a chained audit log"}),
    ({"zh": "保存时间过长", "en": "data kept too long"},
     {"zh": "删除遍及所有数据表及下一次训练", "en": "erasure reaches every table and the next training set"}),
)  # fmt: skip
"""What may go wrong for a customer, and what the service does against it."""


class ImpactAssessments:
    """Writes impact assessments of what serves, and finds those that were written."""

    def __init__(self, store: Store, releases: ReleaseFollower, filing: Filing, clock: Clock) -> None:
        self._store, self._releases, self._filing, self._clock = store, releases, filing, clock

    def write(self, actor: str) -> dict[str, Any]:
        """An assessment of what serves now, in both languages; the audit log keeps it whole."""
        serving = self._releases.serving
        document = {
            "at": iso(self._clock(), serving.phrases.timezone),
            "release": serving.release.id,
            "policy": serving.policy.hash,
            "bundle": serving.bundle.version,
            **{language: describe(serving, self._filing, language) for language in ("zh", "en")},
        }
        self._store.audit.append(actor, ACTION, serving.policy.hash, {"assessment": document})
        return document

    def list_written(self) -> list[dict[str, Any]]:
        """Every assessment that was written, oldest first, each with its actor."""
        return [{"actor": row["actor"], **row["detail"]["assessment"]} for row in self._store.audit.list_action(ACTION)]


def describe(serving: ActiveRelease, filing: Filing, language: str) -> dict[str, Any]:
    """What is done with personal data under a release, in ``zh`` or ``en``."""
    policy, purposes = serving.policy, name_codes(serving.policy, language)["purpose"]
    return {
        "purpose": filing.describe(language)["purpose"],
        "principle": filing.describe(language)["principle"],
        "asked_for": [purposes[one] for one in purposes_of(policy)],
        "stored": [TITLES[section.name][language] for section in SECTIONS],
        "attributes": _attributes(policy, _read_by_models(serving), language),
        "laws": [{"law": one.ground, "closes": one.reason[language]} for one in STATUTORY],
        "risks": [{"risk": risk[language], "measure": measure[language]} for risk, measure in RISKS],
        "not_stated": list(filing.missing),
    }


def _read_by_models(serving: ActiveRelease) -> frozenset[str]:
    """The raw attributes that the models of a release read."""
    return frozenset(serving.bundle.attributes_read() if isinstance(serving.bundle, Bundle) else ())


def _attributes(policy: Policy, features: frozenset[str], language: str) -> list[dict[str, Any]]:
    """Each attribute: its name, in how many expressions of the policy it stands, whether a model reads it, and so
    whether anything needs it.
    """
    text = orjson.dumps(policy.documents).decode()
    found = []
    for one in policy.attributes.attributes:
        places = len(re.findall(rf"\bcustomer\.{re.escape(one.name)}\b", text))
        read = one.name in features
        name = (one.words or {}).get(language, one.name)
        found.append({"attribute": one.name, "name": name, "read_by_rules": places, "read_by_models": read,
                      "needed": places > 0 or read})  # fmt: skip
    return found
