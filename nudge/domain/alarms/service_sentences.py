"""Sentences of the service's own alarms, Chinese and English: what is wrong, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nudge.domain.alarms.service_alarms import Check, ServiceMonitor

Said = Mapping[str, str]
_SHARES: Final = frozenset({ServiceMonitor.STORE_MEMORY, ServiceMonitor.SPOOL})
_SECONDS: Final = frozenset(
    {ServiceMonitor.FOLD_LAG, ServiceMonitor.STORE_AWAY, ServiceMonitor.STALE_SNAPSHOT}
)
_MINUTE: Final = 60
_SENTENCES: Final[Mapping[ServiceMonitor, Said]] = {
    ServiceMonitor.FOLD_LAG: {
        "zh": "数据处理任务 {fold} 已落后 {figure}，报表和策略更新会延迟。"
        "请检查 worker 是否在运行。",
        "en": "The fold {fold} is {figure} behind: reports and policies are late. Check that a "
        "worker runs it.",
    },
    ServiceMonitor.STORE_AWAY: {
        "zh": "存储已 {figure}没有响应。页面由内存中的策略应答，事件暂存磁盘。请检查存储服务。",
        "en": "The store has not answered for {figure}. Pages are answered from memory, events "
        "wait on disk. Check the store.",
    },
    ServiceMonitor.WRONG_STORE: {
        "zh": "当前连接的存储不是本系统原来的存储（{figure}），已停止学习和归档。"
        "请用 nudge store status 查看。",
        "en": "The store is not the known one ({figure}): nothing is learned or archived. "
        "See nudge store status.",
    },
    ServiceMonitor.STORE_MEMORY: {
        "zh": "存储内存已用 {figure}。用满后只能读取，请调大 [store] max_memory。",
        "en": "The store has used {figure} of its memory; a full one only reads. Raise [store] "
        "max_memory.",
    },
    ServiceMonitor.SPOOL: {
        "zh": "磁盘暂存区已用 {figure}，用满后新事件会被拒绝。请尽快恢复存储。",
        "en": "The spool is {figure} full; a full one refuses events. Bring the store back.",
    },
    ServiceMonitor.STALE_SNAPSHOT: {
        "zh": "决策位 {slot} 有新数据，但页面使用的策略已 {figure}没有更新。"
        "请检查 worker 和网页进程的日志。",
        "en": "The slot {slot} has news that pages have not been served for {figure}. See the logs "
        "of the worker and of the web processes.",
    },
    ServiceMonitor.PUBLISH_FAILING: {
        "zh": "决策位 {slot} 的策略无法发布（{figure}），继续使用上一版。"
        "请在 worker 日志中查找 publish_failed。",
        "en": "The policy of the slot {slot} cannot be published ({figure}); the last one stays. "
        "Look for publish_failed in the worker's log.",
    },
    ServiceMonitor.SLOT_FROZEN: {
        "zh": "决策位 {slot} 已被冻结（操作者：{figure}），不再学习。{said}",
        "en": "The slot {slot} is frozen by {figure} and learns nothing. {said}",
    },
    ServiceMonitor.HARM_FREEZE: {
        "zh": "决策位 {slot} 被损害监测自动冻结。{said}",
        "en": "The harm guard froze the slot {slot}. {said}",
    },
    ServiceMonitor.PAGE_WORD_FREEZE: {
        "zh": "决策位 {slot} 的页面上报与服务器记录不符，已自动冻结。{said}",
        "en": "The slot {slot} is frozen since its pages tell what servers do not. {said}",
    },
    ServiceMonitor.REWARD_DROUGHT: {
        "zh": "决策位 {slot} 连续 {figure} 次曝光没有一次转化，不像偶然。"
        "请检查支付等事件是否还在上报。",
        "en": "The slot {slot} has had {figure} exposures in a row without a reward, which is no "
        "chance. Check that payments are still sent.",
    },
    ServiceMonitor.WALK: {
        "zh": "充值流程自动巡检连续两次在步骤 {figure} 失败，页面可能无法正常使用。"
        "请检查 Web 服务及其日志。",
        "en": "The synthetic walk of the recharge path failed twice in a row at the step {figure}: "
        "pages may not work. Check the web service and its log.",
    },
    ServiceMonitor.SAMPLE_RATIO: {
        "zh": "决策位 {slot} 各方案的实际占比与记录的概率不符，数据暂不可信。"
        "请检查页面是否漏报曝光。",
        "en": "In the slot {slot} the shares of variants differ from the logged probabilities: "
        "trust no figure until it is clear why. Check that pages report what they show.",
    },
}

_SETTLE: Final[Said] = {
    "zh": "查明原因后将模式改回 live。",
    "en": "Set its mode to live once the reason is settled.",
}


def service_sentence(check: Check) -> dict[str, str]:
    """Return the sentence of a check that is bad, by language."""
    figures = {"zh": _figure(check, "zh"), "en": _figure(check, "en")}
    said = _SENTENCES[check.monitor]
    return {
        language: said[language]
        .format(
            figure=figures[language],
            said=check.said.get(language, _SETTLE[language]),
            **check.cause,
        )
        .strip()
        for language in ("zh", "en")
    }


def _figure(check: Check, language: str) -> str:
    if isinstance(check.figure, str):
        return check.figure
    if check.monitor in _SHARES:
        return f"{100.0 * check.figure:.0f}%"
    if check.monitor in _SECONDS:
        return _lasting(check.figure, language)
    return f"{check.figure:,.0f}"


def _lasting(seconds: float, language: str) -> str:
    whole = round(seconds)
    if whole < 2 * _MINUTE:
        return f"{whole} 秒" if language == "zh" else f"{whole} seconds"
    minutes = whole // _MINUTE
    return f"{minutes:,} 分钟" if language == "zh" else f"{minutes:,} minutes"
