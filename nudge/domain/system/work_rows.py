"""Rows of the work behind the pages: folds, policies, questions, the lake, the spool. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from nudge.domain.system.system_row import Part, RowState, Said, SystemRow

LATE = 60.0
"""Seconds behind at which a fold needs a look."""
BEHIND = 900.0
"""Seconds behind at which it does not work."""
LAKE_LATE, LAKE_BEHIND = 1_800.0, 7_200.0
"""The same for the lake, which is written by the quarter of an hour."""
MANY = 20
"""Questions that wait at which the report worker does not come through."""
SPOOL_FULL = 0.5


def fold_row(name: str, entries: int, seconds: float, partitions: int) -> SystemRow:
    """Return the row of a fold.

    Args:
        name: of the fold.
        entries: that it has not read.
        seconds: age of the oldest of them.
        partitions: that a living worker holds.
    """
    figures = {"entries": float(entries), "seconds": seconds, "partitions": float(partitions)}
    late, behind = (LAKE_LATE, LAKE_BEHIND) if name == "archive" else (LATE, BEHIND)
    wait = f"{entries:,}", f"{seconds:,.0f}"
    if not partitions:
        state, said = (
            RowState.BROKEN,
            {
                "zh": f"没有工作进程在处理；{wait[0]} 条记录等待，最早的已等 {wait[1]} 秒。",
                "en": f"No worker runs it; {wait[0]} records wait, the oldest for {wait[1]} s.",
            },
        )
    elif not entries:
        state, said = RowState.OK, {"zh": "没有积压。", "en": "It is up to date."}
    else:
        state = _state(seconds, late, behind)
        said = {
            "zh": f"{wait[0]} 条记录等待，最早的已等 {wait[1]} 秒。",
            "en": f"{wait[0]} records wait, the oldest for {wait[1]} s.",
        }
    return SystemRow(Part.FOLDS, name, state, said, figures)


def policy_row(slot: str, seconds: float | None, failure: str) -> SystemRow:
    """Return the row of a slot's policy.

    Args:
        slot: name of the slot.
        seconds: since its newest snapshot; None before the first.
        failure: kind of the learner's failure; empty without one.
    """
    if failure:
        said = {
            "zh": f"学习失败（{failure}），继续使用上一版策略。",
            "en": f"Its learner fails ({failure}); the last policy stays.",
        }
        return SystemRow(Part.POLICIES, slot, RowState.BROKEN, said)
    if seconds is None:
        said = {"zh": "还没有发布过策略。", "en": "No policy was published yet."}
        return SystemRow(Part.POLICIES, slot, RowState.OK, said)
    zh, en = _age(seconds)
    said = {"zh": f"策略{zh}前发布。", "en": f"Its policy was published {en} ago."}
    return SystemRow(Part.POLICIES, slot, RowState.OK, said, {"seconds": seconds})


def jobs_row(waiting: int, running: int) -> SystemRow:
    """Return the row of the questions for the report worker."""
    figures = {"waiting": float(waiting), "running": float(running)}
    state = RowState.ATTENTION if waiting >= MANY else RowState.OK
    said = {
        "zh": f"{waiting} 个问题等待，{running} 个正在计算。",
        "en": f"Questions: {waiting} waiting, {running} running.",
    }
    return SystemRow(Part.JOBS, "", state, said, figures)


def failed_row(kind: str, message: str, several: int) -> SystemRow:
    """Return the row of questions of a kind that failed within the last hour.

    Args:
        kind: of the questions.
        message: of the newest failure, for people.
        several: failures.
    """
    said = {
        "zh": f"最近一小时有 {several} 个问题计算失败：{message}",
        "en": f"Failed within the last hour: {several}. The newest: {message}",
    }
    return SystemRow(Part.JOBS, kind, RowState.ATTENTION, said, {"failed": float(several)})


def lake_row(seconds: float) -> SystemRow:
    """Return the row of the lake, by the age of the oldest record that is not in it."""
    zh, en = _age(seconds)
    state = _state(seconds, LAKE_LATE, LAKE_BEHIND)
    said = {"zh": f"数据湖落后{zh}。", "en": f"The lake is {en} behind."}
    return SystemRow(Part.LAKE, "", state, said, {"seconds": seconds})


def spool_row(process: str, used: float) -> SystemRow:
    """Return the row of a web process's spool.

    Args:
        process: name of the process.
        used: share of its space that was used lately.
    """
    state = RowState.BROKEN if used >= SPOOL_FULL else RowState.ATTENTION if used else RowState.OK
    said = {
        "zh": f"磁盘暂存已用 {used:.0%}，存储恢复后会自动补写。",
        "en": f"Its spool is {used:.0%} full; it empties once the store is back.",
    }
    if not used:
        said = {"zh": "磁盘暂存为空。", "en": "Its spool is empty."}
    return SystemRow(Part.SPOOL, process, state, said, {"used": used})


def notices_row(outcomes: Mapping[str, int], failed: str) -> SystemRow:
    """Return the row of the notices of alarms.

    Args:
        outcomes: outcome of the last try -> notices.
        failed: name of the outcome that nobody was told.
    """
    lost, every = outcomes.get(failed, 0), sum(outcomes.values())
    figures = {"failed": float(lost), "notices": float(every)}
    said = {
        "zh": f"最近几周发出 {every} 条通知，{lost} 条没有送达。",
        "en": f"Notices of the last weeks: {every}, of which {lost} did not arrive.",
    }
    return SystemRow(Part.NOTICES, "", RowState.ATTENTION if lost else RowState.OK, said, figures)


def _state(seconds: float, late: float, behind: float) -> RowState:
    if seconds >= behind:
        return RowState.BROKEN
    return RowState.ATTENTION if seconds >= late else RowState.OK


def _age(seconds: float) -> tuple[str, str]:
    """Return a span in words, Chinese and English."""
    for unit, zh, en in ((86_400.0, "天", "d"), (3_600.0, "小时", "h"), (60.0, "分钟", "min")):
        if seconds >= unit:
            return f" {seconds / unit:.0f} {zh}", f"{seconds / unit:.0f} {en}"
    return f" {seconds:.0f} 秒", f"{seconds:.0f} s"


def worst(rows: list[SystemRow]) -> Said:
    """Return the verdict on all rows: how many need somebody."""
    broken = sum(row.state is RowState.BROKEN for row in rows)
    looks = sum(row.state is RowState.ATTENTION for row in rows)
    if not broken and not looks:
        return {"zh": "一切正常。", "en": "All is well."}
    if not broken:
        verb = "thing needs" if looks == 1 else "things need"
        return {
            "zh": f"有 {looks} 项需要关注。",
            "en": f"{looks} {verb} a look; nothing is broken.",
        }
    verb = "thing does" if broken == 1 else "things do"
    return {
        "zh": f"有 {broken} 项不正常，{looks} 项需要关注。",
        "en": f"{broken} {verb} not work; {looks} more to look at.",
    }
