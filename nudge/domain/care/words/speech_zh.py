"""Chinese words that decide whether a phrase complains: negation, contrast, rhetoric.

The treatment of shifters follows Taboada et al., Lexicon-Based Methods for Sentiment Analysis
(2011), section 2.4: a word of degree, an opinion or a light noun lets a negator through; contrast
stops it.
"""

from __future__ import annotations

from typing import Final

from nudge.domain.care.words.token import Role

HAVE_NOT: Final = frozenset(
    [
        "不存在",
        "没",
        "没有",
        "无",
        "未",
        "没啥",
        "毫无",
        "从没",
        "从没有",
        "从来没",
        "从来没有",
        "未曾",
        "不曾",
        "没发现",
        "没有发现",
        "未发现",
        "冇",
        "莫得",
        "冒得",
    ]
)
"""Negators of things: they reach over a list, and may stand behind their noun."""
SUPERLATIVE: Final = frozenset(["这么", "那么", "这样", "这种", "如此", "更", "更加", "比"])
"""Words that make a negated experience the strongest of its kind: 没见过这么慢的."""
EXPERIENCE: Final = frozenset(
    [
        "见过",
        "见到过",
        "看到过",
        "看见过",
        "遇到过",
        "遇见过",
        "碰到过",
        "碰见过",
        "用过",
        "体验过",
        "听过",
        "听说过",
        "经历过",
    ]
)
NOUNS: Final = frozenset(
    [
        "信号",
        "覆盖",
        "效果",
        "效率",
        "优惠",
        "反馈",
        "回应",
        "回音",
        "回复",
        "答复",
        "发票",
        "明细",
        "作用",
        "用处",
        "帮助",
        "处理",
        "信用",
    ]
)
"""Praise that names a thing: a negator reaches through it, or stands behind it."""
SETTLED: Final = frozenset(["不存在", "解决了", "修复了", "修好了", "改善了", "处理好了", "消除"])
"""Negators that stand behind their complaint as well: 问题解决了."""
NEVER: Final = frozenset(["从没", "从没有", "从来没", "从来没有", "未曾", "不曾"])
"""Negators of the whole past: 从来没有这么失望过 is a complaint without a verb of experience."""
WHICH: Final = frozenset(["谁", "哪", "哪个", "哪天", "哪次", "哪家", "什么时候"])
"""Questions that mean every one before a negator: 哪天不断线."""
PREDICATE_ENDS: Final = frozenset("得死爆极了到成啊呀吗呢哭炸翻惨透疯吧嘛哦")
"""Characters behind a predicate of one character: 卡得, 卡死了."""
AGAIN: Final = frozenset(["没再", "没有再", "不再", "再没", "再没有", "再也没", "再也没有", "没了"])
"""Negators behind a complaint that does not come again: 垃圾短信没再发."""
FREQUENT: Final = frozenset(
    [
        "老是",
        "总是",
        "一直",
        "经常",
        "常常",
        "频繁",
        "天天",
        "每天",
        "动辄",
        "时不时",
        "就",
        "只",
        "偶尔",
        "因为",
        "害我",
        "害得",
    ]
)
"""Words of frequency: a negator beside them, or `不会`, reaches through: 不会经常断."""
ADVERBS: Final = frozenset(
    [
        "三天两头",
        "隔三差五",
        "隔三岔五",
        "莫名其妙",
        "平白",
        "屡屡",
        "屡次",
        "反反复复",
        "乱",
        "强行",
    ]
)
"""Complaints that stand before a verb as adverbs: 不会三天两头停机."""
REFUSALS: Final = frozenset(["不给", "不让", "不准", "不退", "不许", "不肯", "不能"])
"""Beginnings of refusals, of which a negator before them states the condition."""
WHAT: Final = frozenset(["什么", "个屁", "啥"])
"""Words between two sayings of praise that deny it: 快什么快."""
IF: Final = frozenset(["如果", "要是", "万一", "假如"])
DISPLEASED: Final = frozenset(
    """
    太 真 这么 那么 如此 又 老 总 老是 总是 一直 居然 竟然 竟 才 为什么 为啥 为何 凭什么
    凭啥 难道 每次 天天 经常 频繁 动不动 到底 究竟 简直 越来越 怎么又 怎么还 咋又 咋还 半天 死
    三天两头
    """.split()  # noqa: SIM905 - a list of words reads better in lines
)
"""Words by which a question is no plain one: 为什么又停机."""
OPENING: Final = frozenset(
    ["请问", "想问", "问一下", "想问一下", "问下", "咨询", "咨询一下", "请教"]
)
"""Words that open a question of which the rest stands in the next clause."""
CONTRAST: Final = frozenset(["但", "但是", "可是", "不过", "然而", "现在", "如今"])
"""Words that end the reach of a rhetorical question."""
DONE: Final = frozenset(
    ["了", "已经", "已", "现在", "很快", "马上", "立刻", "当天", "及时", "终于"]
)
"""Words by which something is said to be done."""
DENIALS: Final = frozenset(
    [
        "没有的事",
        "没这回事",
        "没那回事",
        "没这事",
        "没那事",
        "不是真的",
        "不可能",
        "不可能的",
        "是谣言",
        "是假的",
    ]
)
"""Clauses that deny the one before them: 要说信号差，那是没有的事."""
CURES: Final = frozenset(
    [
        "解开",
        "撤回",
        "接上",
        "连上",
        "登上",
        "恢复",
        "恢复正常",
        "修好",
        "修复",
        "解决",
        "正常",
        "到账",
        "退款",
        "退费",
        "退钱",
        "搞定",
        "换好",
        "补上",
        "弄好",
        "改好",
        "整好",
        "调好",
        "处理",
    ]
)
"""Praise that says of a complaint before it that it is over."""
LATE: Final = frozenset(["才", "吗", "没", "还没", "请", "希望", "尽快"])
"""Words with which a cure came late, or is only asked for."""
THINGS: Final = frozenset(["问题", "故障", "毛病", "异常", "情况"])
"""Words that name no complaint of their own behind one: 限速的问题."""
STILL: Final = frozenset(
    ["还是", "依旧", "仍然", "仍", "照样", "更", "更加", "也", "一样", "依然", "还"]
)
"""Words by which the past goes on."""

_WORDS: Final = {
    Role.NEGATOR: """
        不存在 不 没 没有 未 无 冇 莫得 冒得 唔 零 非 并非 绝非 远非 没啥 从没 从没有 从来没
        从来没有 未曾 不曾 不怎么 不太 不再 谈不上 算不上 称不上 说不上 不至于 很少 极少 甚少
        鲜少 少有 鲜有 没再 没有再 再没 再没有 再也没 再也没有 没什么可
        没有什么可 没啥可 没有可 无可 没提前 没有提前
        未提前 没发现 没有发现 未发现 并未发现 没发生 没有发生 未发生 从没发生 从未发生 不容易
        不太容易 很不容易 没什么好 没啥好 没有什么好 难得 不见得 未必 不一定 无法 没法 难以 拒绝
        很难 告别 杜绝 避免 摆脱 消除 免于 远离 解决了 修复了 修好了 改善了 处理好了
        不用担心 不必担心 别担心 不担心 不怕 无需担心 不用怕 无须担心 不像 不如 没人 无人 没谁
    """,
    Role.REVERSAL: """
        谁会 谁能 谁愿意 谁敢 难道 你敢说 还敢说 你们敢说 岂 谁说 谁觉得 谁敢说 怎么会
        怎么可能 哪里 哪儿 何曾 何尝 哪会 哪能 怎能 怎会 凭什么说 哪有 何来 哪来 才不是
        鬼才信 鬼才觉得
    """,
    Role.BREAK: """
        但 但是 可是 可 不过 然而 却 而 而且 反而 反倒 并且 就 就是 只是 只 只有 只能 才 而是 因为
        因 由于 所以 因此 导致 结果 使得 害得 害我 为什么 为啥 为何 居然 竟然 竟 依然 依旧 仍然 仍
        照样 偏偏 甚至 尤其 特别是 至少 起码 反正 终于 如果 要是 虽然 尽管 即使 哪怕 除了 其实
        偶尔 时常 时不时 动辄 是因为 老是 总是 一直 经常 常常 频繁 天天 每天 每次 受不了 忍受不了
        忍不了 只会 只想 开始 后 之后 以后 以来 的话
    """,
    Role.INTENSE: """
        太 真 真的 好 超 超级 巨 贼 死 简直 这么 那么 这样 这种 如此 更 更加 比 最 也 还 都 又 老
        总 十分 极 极其 极度 实在 真是 真心 完全 彻底 确实 的确 越来越 越 多么 全 非常 特别 很
        相当 蛮 挺 奇 忒 够 好生 着实 有够 越发
    """,
    Role.LIGHT: """
        谁 有点 有些 有点儿 一点 一点儿 一点点 一丁点 一丝 丝毫 半点 多 什么 啥 任何 太过 过于
        怎么 怎样 会 能 能够 可能 可以 想 要 打算 考虑 出现 出现过 发生 发生过 遇到 遇见 碰到 碰见
        看到 有 有过 过 曾 再 再次 再也 变 变得 是 被 给 让 的 地 得 了 着 到 在 那种 情况 现象
        时候 时 像 想象 想象中 传说 传说中 宣传 他们 那 这 个 一个 一次 一天 一刻 一回 一会儿
        一个人 人 哪 哪个 哪天 哪次 哪家 天 次 回 地方 处 我 你 它 他 她 我们 你们 您 大家 咱 所谓
        存在 丝 得到 收到 看见 因此而 经常性 那样 平时 一般 通常 至今 目前为止 到目前为止 用起来
        用着 起来 上去 下来 里 上 下 中 方面 之类 以及其他 这儿 那儿 任何一次 任何一个 半点儿
        感受到 网速 网络 网路 网 速度 流量 宽带 wifi 无线 上网 视频 游戏 服务 态度 客服 质量 价格
        价钱 资费 套餐 话费 费用 月租 手机 电话 通话 系统 软件 页面 界面 功能 充值 支付 缴费
        营业厅 师傅 人员 工作人员 安装 维修 使用 用 用户 体验 家里 小区 晚上 白天 早上 高峰 高峰期
        讯号 4g 5g 跟 几乎 基本 基本上 根本 压根 从来 丝毫没 至于 何 去 来 做 搞 弄 自己 咱们 家
        俺 感 性 别 不要 别再 不要再 别这么 别老 别总 不要这么 不要老 勿 切勿 请勿 今天
        最近 这次 这里 那里 那边 这边 全程 期间 过程 过程中 途中 下载 看 打 听 付款 办理 业务 现
        倒 倒是 是否 已经 已 很快 当天 立刻 一 两 几 趟 笔 条 遍 花 一分 一分钱 分钱 一毛 一毛钱
        半毛 账单 月 月份 个月 把 将 号码 订单 短信 彩铃 信息 合约 合同 路由器 光猫 机顶盒 电视 门店
        店员 员工 前台 经理 人工 地铁 电梯 办公室 房间 客厅 卧室 公司 单位 学校 农村 楼里 微信
        网页 直播 电影 的人 说过 人工客服 接线员 营业员 装维 师傅们 程序 小程序 按钮 活动 积分
    """,
    Role.OPINION: """
        觉得 感觉 感到 认为 说 是说 听说 发现 表示 承认 同意 算 算是 能算 称得上 算得上 感受 见
        体会 见过 见到过 看到过 看见过 遇到过 遇见过 碰到过 碰见过 用过 体验过 听过 听说过 经历过
    """,
    Role.OTHERS: """
        别家 别人 别人家 朋友 同事 邻居 其他家 人家 隔壁 那家 网友 网上 别的运营商 其他运营商 同学
    """,
    Role.JOIN: "和 与 或 或者 及 以及 还有 或是 、",
    Role.QUESTION: "吗 么 嘛",
    Role.WISH: """
        希望 但愿 恳请 能不能 能否 可否 可不可以 可以不可以 求求 什么时候能 啥时候能 何时能
        什么时候才能 何时才能 啥时候才能 几时能 能不能不 就好了 该多好 多好啊 就更好了
    """,
    Role.LATELY: """
        昨天 昨晚 前天 前几天 上周 上个月 上次 上回 上午 早上 前阵子 前段时间 那天 刚才 刚刚
        升级前 维修前 换卡前 换之前 修之前 改造前 升级之前 之前那次
    """,
    Role.PAST: "以前 之前 原来 过去 原先 从前 曾经 当初 早先 早些年 去年 刚开始 一开始 起初",
    Role.NOW: """
        现在 如今 目前 后来 今年 眼下 这几天 最近几天 自从 升级后 修完 修好后 维修后 换卡后 换机后
        改造后 调整后 升级完 处理后 重启后 更新后 换完 报修后
    """,
    Role.REVERSED: """
        没有的事 没这回事 没那回事 没这事 没那事 不是真的 不可能的 是不可能的 才怪 就怪了 才奇怪
        不高 不大 不多 不严重 不长 很低 很小 不算高 不算大 不存在的 消失了 消失 不了 不到哪
        不到哪里去 不到哪去 不到哪儿去 是假的 是谣言 是瞎说 解决了 已解决 已经解决 已修复 已无
        已决 处理完了 处理完 搞定了 已消除 降下来了 降下来 降了 低 较低 偏低 少 少了 减少了 降低了
        为零 没了 是什么 是啥 又是什么 还能是什么 是应该的 应该的 是正常的 很正常 也正常 是合理的
        天经地义 可以理解 能理解 不厉害 不明显 不离谱 不夸张 得不厉害 得不严重 得不离谱 得不明显
    """,
    Role.SUPPOSED: """
        以为 本以为 原以为 还以为 我以为 担心 生怕 还怕 担心会 怕会 就怕 以为会 以为要
    """,
    Role.NEUTRAL: """
        不得不 不能不 不可谓不 不能更 不能再 无法再 不得了 不仅 不仅仅 不光 不只 不但 不单 不单单
        非但 何止 岂止 不止 不仅是 不光是 不只是 不止是 不单是 何止是 岂止是 不就 不就是 不也
        不也是 还不是 可不是 不是也 不管 不论 无论 不知 不知道 不晓得 不清楚为什么 不明白 不懂
        不料 不少 没少 不停 不停地 不断 不断地 不时 不时地 不禁 不由得 不免 不愧 不久 不久前
        没多久 没过多久 没几天 没两天 没几分钟 没一会 没一会儿 没用多久 没用几天 不到一天
        不到一个月 不一会儿 没想到 想不到 没料到 不敢相信 不可思议 没准 没事 了不起 来不及 对不起
        不然 要不 要不是 要不然 不用说 不必说 不消说 动不动 动不动就 是不是 会不会 有没有 要不要
        对不对 不同 不巧 不幸 无时无刻 无时无刻不 无时无刻不在 没日没夜 没有最 不是一般的 不是一般
        不是一点 不是一点点 不是一星半点 不是普通 不是普通的 不是盖的 不是吹的 无比 无限 谁都觉得
        怎么不 能不 怎能不 哪能不 岂能不 怎会不 哪里都 哪儿都 哪都 不喜欢这么 不喜欢那么 忍受 无不
        无一不 不无 无非 无非是 非要 非得 非常之 莫非 可能 可以 可靠性 可见 可爱 可怜 只要 才能
        就算 就是说 多久 多少 多少次 好多次 不过如此 不由分说 除非 不妨 不惜 不至 非法 不对劲
        不好意思 无线 无线网 未来 非凡 无线网络 无聊 没错 不错过 差不离 快不快 难道还有比 还有比
        别的不说 不说别的 且不说 先不说 不用说 更不用说 无故 无缘无故 无端 平白无故 无理 无良 无缘
        无须 无非 没得挑 没得说 没说的 没得黑 不是第一次 不止一次 不是一次两次 不是一天两天
        不是头一回 不是头一次 不是头回 慢不慢 卡不卡 贵不贵 好不好 稳不稳 行不行 值不值 差不差
        坑不坑 烂不烂 不着急 不用急 不急 不客气 没关系 无所谓 不要紧 不碍事
    """,
}
SPEECH: Final = {
    word: role for role, words in reversed(list(_WORDS.items())) for word in words.split()
}
"""Chinese word -> role; where a word is listed twice, the first listing counts."""
