"""Rows of the store: whether it answers, its memory, and whether it writes to disk. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from nudge.domain.system.system_row import Part, RowState, SystemRow

MIB = 1024 * 1024


def away_row(sentence: str) -> SystemRow:
    """Return the row of a store that cannot be asked.

    Args:
        sentence: of the problem, in English, without hosts; empty where it does not answer.
    """
    en = sentence or "The store does not answer; decisions come from memory, events wait on disk."
    zh = "存储没有响应：决策由内存中的策略给出，事件暂存在磁盘。"
    if sentence:
        zh = "存储不是原来的那一个：决策照常记录，确认之前不会用于学习。"
    return SystemRow(Part.STORE, "", RowState.BROKEN, {"zh": zh, "en": en})


def store_rows(
    used: int, limit: int, ratio: float, nearly_full: float, *, evicts: bool, writes: bool | None
) -> Iterator[SystemRow]:
    """Yield the rows of a store that answers.

    Args:
        used: bytes.
        limit: bytes; 0 without one.
        ratio: used share of the fullest server.
        nearly_full: share from which on little is left.
        evicts: it removes keys when it is full.
        writes: it writes its append-only file; None where that is not known.
    """
    yield SystemRow(Part.STORE, "", RowState.OK, {"zh": "存储正常。", "en": "The store answers."})
    yield _memory(used, limit, ratio, nearly_full, evicts=evicts)
    if writes is False:
        said = {
            "zh": "存储没有写入追加日志，断电会丢失数据。",
            "en": "The store writes no append-only file: a power cut would lose data.",
        }
        yield SystemRow(Part.STORE, "aof", RowState.BROKEN, said)
    elif writes:
        said = {"zh": "追加日志正常写入。", "en": "The append-only file is written."}
        yield SystemRow(Part.STORE, "aof", RowState.OK, said)


def _memory(used: int, limit: int, ratio: float, nearly_full: float, *, evicts: bool) -> SystemRow:
    mib = used // MIB
    figures = {"used": float(used), "limit": float(limit), "ratio": ratio}
    if evicts:
        state, zh, en = (
            RowState.BROKEN,
            "存储写满时会删除数据，请把 maxmemory-policy 设为 noeviction。",
            "The store removes keys when it is full; set its maxmemory-policy to noeviction.",
        )
    elif ratio >= nearly_full:
        state, zh, en = (
            RowState.ATTENTION,
            f"存储内存已用 {ratio:.0%}（{mib:,} MB），写满后只能读取。",
            f"The store uses {ratio:.0%} of its memory ({mib:,} MB); full, it only reads.",
        )
    elif limit:
        state, zh, en = (
            RowState.OK,
            f"存储内存已用 {ratio:.0%}（{mib:,} MB）。",
            f"The store uses {ratio:.0%} of its memory ({mib:,} MB).",
        )
    else:
        state, zh, en = (
            RowState.OK,
            f"存储已用 {mib:,} MB 内存，没有设上限。",
            f"The store uses {mib:,} MB of memory, without a limit.",
        )
    return SystemRow(Part.STORE, "memory", state, {"zh": zh, "en": en}, figures)
