"""The copy of everything about a customer as one page to read: HTML without scripts and without a network. Pure.

Every value is escaped, and a text that a spreadsheet would run is defused, since tables are copied into spreadsheets.
Codes are told by their names (``copy_names``). The page is made in pieces, so that a long history is
written while it is read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Any

from service.core.csv_safety import defuse_cell
from service.core.domain import Text
from service.rendering.copy_names import CODES, Names

Row = Mapping[str, Any]
Rows = Iterable[tuple[str, Sequence[Row]]]
"""Section -> rows, page by page; the pages of one section follow each other."""

TITLES: Mapping[str, Text] = {
    "copy": {"zh": "您的个人信息副本", "en": "A copy of everything about you"},
    "attributes": {"zh": "本行记录的信息", "en": "What is recorded of you"},
    "labels": {"zh": "对您使用的标签", "en": "Labels used on you"},
    "consents": {"zh": "您的同意与撤回", "en": "What you permitted and withdrew"},
    "events": {"zh": "发生的事件", "en": "What happened"},
    "counted_events": {"zh": "用于计数的事件时间", "en": "When things happened, as they are counted"},
    "surveys": {"zh": "您的问卷评分", "en": "Your answers to surveys"},
    "acceptances": {"zh": "您接受的推荐", "en": "Offers that you accepted"},
    "contacts": {"zh": "与您的联系", "en": "How you were contacted"},
    "decisions": {"zh": "向您展示的推荐及其理由", "en": "What you were offered, and why"},
    "leads": {"zh": "交给客户经理的推荐", "en": "Offers handed to your adviser"},
    "lists": {"zh": "包含您的名单", "en": "Lists that you were on"},
    "feed": {"zh": "通知本行其他系统的变更", "en": "Changes told to other systems of the bank"},
    "deliveries": {"zh": "发送给其他系统的消息", "en": "Messages sent to other systems"},
    "looks": {"zh": "谁查看了您的信息", "en": "Who looked at you"},
    "writes": {"zh": "谁修改或复制了您的信息", "en": "Who changed or copied what is stored of you"},
    "keys": {"zh": "您的访问凭证", "en": "Your own keys"},
    "objections": {"zh": "您的异议", "en": "Your objections"},
    "left_out": {"zh": "未包含的内容及理由", "en": "What is left out, and on which ground"},
}
WORDS: Mapping[str, Text] = {
    "none": {"zh": "无记录。", "en": "Nothing is stored."},
    "more": {"zh": "本节还有更多记录，请读取下一页：", "en": "This section goes on; read its next page:"},
    "made": {"zh": "生成时间", "en": "Made at"},
    "customer": {"zh": "客户编号", "en": "Customer"},
    "yes": {"zh": "是", "en": "yes"},
    "no": {"zh": "否", "en": "no"},
}
_COLUMNS = """
acceptances=接受 action=操作 actor=操作人 adviser=客户经理 after=之后 allowed=是否允许 amount_yuan=金额（元）
answer=答复 answer_by=答复期限 answered_at=答复时间 answered_by=答复人 as_of=截至 at=时间 attribute=项目
body=内容 branch=网点 built_at=生成时间 call_back_at=约定回电 changed_at=变更时间 channel=渠道
claimed_at=领取时间 client=系统 closed_by=关闭规则 contacted_at=联系时间 contacts=联系次数 content=内容
corrected_at=更正时间 created_at=创建时间 decided_offer=原推荐产品 decision_id=决策编号 delivered_at=送达时间
dropped=已拒绝 due_on=到期日 effect=作用 expires_at=失效时间 granted=是否同意 ground=理由 id=编号 instants=时间
job_id=名单编号 kind=类型 label=标签 meaning=含义 name=名称 note=备注 number=编号 objection=异议内容 offer=产品
offers=推荐的产品 opened_at=提出时间 operation=操作 outcome=结果 personalised=个性化 placement=位置
purpose=用途 question=问题 quota=额度 read=读取的信息 reason=原因 reasons=理由 reserved_at=预留时间 reviewer=复核人
revoked_at=撤销时间 rows=内容 said=您的原话 scopes=权限 score=评分 sold_at=成交时间 sold_yuan=成交金额（元）
source=来源 state=状态 status=状态 strategies=策略 trigger=触发事件 type=类型 value=内容 version=文本版本
what=项目 withdrawn_at=撤回时间 withheld=未推荐的原因
"""
COLUMNS: Mapping[str, str] = dict(pair.split("=") for pair in _COLUMNS.split())
"""A column's name in Chinese; in English its name without underscores."""
STYLE = (
    "body{font-family:sans-serif;max-width:75em;margin:2em auto;padding:0 1em;line-height:1.5}"
    "table{border-collapse:collapse;width:100%}th,td{border:1px solid #999;padding:.3em .5em;text-align:left;"
    "vertical-align:top;overflow-wrap:anywhere}th{background:#eee}caption,h2{text-align:left}"
)


def write_page(
    head: Row, rows: Rows, language: str, onward: Mapping[str, str], names: Names = MappingProxyType({})
) -> Iterator[str]:
    """The page in pieces.

    ``head``: a copy without its sections; ``onward``: section -> address of its next page; ``names``: column -> code
    -> words.
    """
    title = escape(TITLES["copy"][language])
    yield f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
    yield f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    for word, name in (("customer", "customer_id"), ("made", "at")):
        yield f"<p>{escape(WORDS[word][language])}: {escape(str(head[name]))}</p>\n"
    told = [(name, head[name]) for name in ("attributes", "labels") if name in head]
    yield from _sections([*told], language, {}, names)
    yield from _sections(rows, language, onward, names)
    yield from _sections([("left_out", head["left_out"])], language, {}, names)
    yield "</body>\n</html>\n"


def _sections(rows: Rows, language: str, onward: Mapping[str, str], names: Names) -> Iterator[str]:
    """Each section as a heading and one table, over all its pages."""
    section, columns = None, list[str]()
    for name, page in rows:
        if name != section:
            yield from _end(section, columns, language, onward)
            section, columns = name, []
            yield f"<h2>{escape(TITLES[name][language])}</h2>\n"
        if page and not columns:
            columns = [column for column in page[0] if column not in CODES]
            heads = "".join(f"<th>{escape(_column(column, language))}</th>" for column in columns)
            yield f"<table>\n<tr>{heads}</tr>\n"
        for row in page:
            cells = (_cell(row.get(column), language, column, names) for column in columns)
            yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"
    yield from _end(section, columns, language, onward)


def _end(section: str | None, columns: list[str], language: str, onward: Mapping[str, str]) -> Iterator[str]:
    if section is None:
        return
    yield "</table>\n" if columns else f"<p>{escape(WORDS['none'][language])}</p>\n"
    if section in onward:
        address = escape(onward[section], quote=True)
        yield f'<p>{escape(WORDS["more"][language])} <a href="{address}">{address}</a></p>\n'


def _column(name: str, language: str) -> str:
    return COLUMNS.get(name, name) if language == "zh" else name.replace("_", " ")


def _cell(value: Any, language: str, column: str, names: Names) -> str:
    """A value of a column as text: by its name, escaped, and defused where a spreadsheet would run it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return WORDS["yes" if value else "no"][language]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, str | int | float):
        return escape(str(defuse_cell(names.get(column, {}).get(str(value), value))))
    if isinstance(value, Mapping):
        pairs = ((str(name), one) for name, one in value.items() if name not in CODES or "name" not in value)
        named = ((_column(name, language), _cell(one, language, name, names)) for name, one in pairs)
        return "<br>".join(f"{escape(str(defuse_cell(name)))}: {one}" for name, one in named)
    return "<br>".join(_cell(one, language, column, names) for one in value)
