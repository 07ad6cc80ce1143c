"""English words that decide whether a phrase complains: negation, contrast, rhetoric.

Apostrophes are left out, as words of a text are compared. After the shifters of Polanyi and Zaenen,
Contextual Valence Shifters (2006), and the scope rules of Taboada et al. (2011), section 2.4.
"""

from __future__ import annotations

from typing import Final

from nudge.domain.care.words.token import Role

HAVE_NOT: Final = frozenset(
    ["no", "never", "without", "zero", "none", "havent", "hasnt", "hadnt", "nor", "neither"]
)
"""Negators that reach over a list of things."""
EXPERIENCES: Final = frozenset(
    ["never", "havent", "hasnt", "hadnt", "couldnt", "cant", "cannot", "nothing", "nobody"]
) | {"could not", "has not", "have not", "can not", "no one"}
"""Negators that make a comparison the strongest of its kind: never so slow, couldn't be worse."""
SUPERLATIVE: Final = frozenset(("such", "so", "more"))
COMPARATIVES: Final = frozenset(("worse", "slower", "worst", "angrier"))
RESOLVERS: Final = frozenset(["fixed", "resolved", "solved", "repaired", "解决", "修复", "修好"])
"""Praise that takes back the complaint beside it: fixed the problem."""
NOUNS: Final = frozenset(
    [
        "signal",
        "coverage",
        "reception",
        "bars",
        "support",
        "response",
        "reply",
        "answer",
        "refund",
        "assistance",
    ]
)
"""Praise that names a thing: `no signal` complains, `it's not your signal` does not."""
AMOUNTS: Final = frozenset(
    [
        "any",
        "enough",
        "much",
        "many",
        "get",
        "got",
        "getting",
        "have",
        "had",
        "receive",
        "see",
        "single",
        "one",
    ]
)
"""Words by which `not` denies a thing: not enough signal."""
CONTRAST: Final = frozenset(["but", "however", "although", "though", "yet", "now", "nowadays"])
"""Words that end the reach of `used to`."""
DONE: Final = frozenset(
    ["now", "been", "was", "were", "is", "has been", "again", "got", "already", "it", "they"]
)
"""Words by which something is said to be done."""
CURES: Final = frozenset(
    [
        "fixed",
        "resolved",
        "solved",
        "repaired",
        "restored",
        "back to normal",
        "back up",
        "back online",
        "sorted",
        "sorted out",
        "up and running",
        "good as new",
        "refunded",
        "credited",
        "works",
        "working",
        "reimbursed",
    ]
)
"""Praise that says of a complaint before it that it is over."""
VERBS: Final = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "does",
        "do",
        "did",
        "can",
        "will",
        "seems",
        "looks",
        "feels",
    ]
)
"""Words by which a statement of its own begins: it is no item of a list."""
POINTERS: Final = frozenset(("this", "that", "these", "the", "your", "my", "there"))
"""Words that begin the subject of a question: isn't this slow?"""
DISPLEASED: Final = frozenset(
    """
    still keeps keep kept again why so too always constantly never even really finally hell such
    anyone this
    """.split()  # noqa: SIM905 - a list of words reads better in lines
)
"""Words by which a question is no plain one: how is this still broken."""
ASKING: Final = frozenset(("is", "are", "was", "were", "does"))
"""Words that begin a plain question."""
AUXILIARIES: Final = frozenset(
    [
        "isnt",
        "arent",
        "wasnt",
        "werent",
        "dont",
        "doesnt",
        "didnt",
        "cant",
        "couldnt",
        "wont",
        "wouldnt",
        "shouldnt",
        "hasnt",
        "havent",
    ]
)
"""Negators that ask for consent before a pronoun: isn't it slow?"""

_WORDS: Final = {
    Role.NEGATOR: """
        0, the least,
        isnt, arent, wasnt, werent, dont, doesnt, didnt, cant, cannot, couldnt, wont, wouldnt,
        shouldnt, hasnt, havent, hadnt, aint, mustnt, neednt, nt, not, nto, never, no, none,
        nobody, nothing, neither, nor, without, hardly, barely, scarcely, rarely, seldom, zero,
        yet to, have yet to, has yet to, no sign of, no trace of, few, stopped, nowhere, noone,
        eliminated, eliminates, prevents, prevent, no longer, no one, far from, anything but,
        free of, free from, no more, nowhere near, by no means, in no way, rid of, has not,
        have not, had not, could not, can not, did not, does not, do not, will not, would not,
        is not, are not, was not, were not, should not, hardly ever, rarely ever, almost never,
        not any, not at all, instead of, instead of being
    """,
    Role.REVERSAL: """
        used to, not once, cant remember the last time, cannot remember the last time, who says,
        who said, as if, i doubt
    """,
    Role.BREAK: """
        but, however, although, though, yet, because, since, still, just, only, which, when,
        while, if, unless, due, after, until, why, how, what, who, then, instead, except, despite,
        whenever, where, always, constantly, whereas, anyway, therefore, thus, hence, apart,
        otherwise, even though, due to, other than, all of a sudden, keeps, kept
    """,
    Role.INTENSE: """
        ever so, so, too, really, extremely, incredibly, such, this, more, as, quite, pretty,
        absolutely, totally, completely, utterly, super, insanely, very, simply, beyond, most,
        also
    """,
    Role.LIGHT: """
        keep, a, an, the, any, some, is, are, was, were, be, been, being, am, do, does, did, have,
        has, had, having, get, gets, got, getting, all, at, ever, even, that, to, of, in, on, my,
        our, your, their, his, her, its, there, slightest, single, one, exactly, particularly,
        especially, overly, remotely, bit, little, kind, like, experience, experienced,
        experiencing, encounter, encountered, seen, see, notice, noticed, exists, will, would,
        can, could, should, may, might, actually, anything, something, much, many, ive, im, youre,
        were, theyre, weve, hes, shes, thats, lets, us, me, them, him, today, once, internet,
        network, connection, speed, call, calls, data, phone, mobile, app, website, staff, agent,
        agents, customer, wifi, broadband, line, bill, plan, with, about, for, from, became,
        become, becomes, feel, feels, seem, seems, look, looks, sound, sounds, go, goes, going,
        make, made, makes, come, comes, truly, necessarily, entirely, whatsoever, other, these,
        those, lot, a lot of, at all, any kind of, any more, anymore, any longer, longer, sort of,
        by, being a, video, page, pages, company, provider, want, wants, need, needs, intend,
        plan to, planning, try, my own, that is, by any, almost, nearly, virtually, practically,
        basically, ordinary, typical, usual, usually, often
    """,
    Role.OPINION: """
        think, thought, believe, find, found, say, said, saying, says, mean, agree, call, called,
        consider, feel that, describe, claim, suppose, imagine, expect, known, heard, call it,
        call this, call them, call that, describe it as, say it is, say its, consider it, find it,
        found it
    """,
    Role.PRONOUN: "i, it, they, you, he, she, we",
    Role.JOIN: "or, and, nor any, or any, and any, plus",
    Role.SUPPOSED: """
        thought it would, thought it might, thought they would, expected it to, expected them to,
        worried it would, worried that it would, worried about, afraid it would, feared,
        i expected, was expecting, were expecting, was worried, was afraid
    """,
    Role.LATELY: """
        yesterday, last week, last month, last night, last time, this morning, at first,
        initially, originally, in the beginning
    """,
    Role.WISH: "wish, hope, hoping, if only",
    Role.OTHERS: """
        others, my friend, my friends, other people, some people, colleagues, neighbours,
        neighbors
    """,
    Role.PAST: "before, earlier, previously, formerly, in the past, back then, last year",
    Role.NOW: "now, nowadays, these days",
    Role.REVERSED: """
        have stopped, has stopped,
        gone, went away, gone away, disappeared, are gone, is gone, been resolved, been fixed,
        been solved, been repaired, is not there, is no longer there, isnt there, is resolved,
        is fixed, is solved, was resolved, was fixed, was solved, were resolved, were fixed,
        got fixed, got resolved, free, is history, non existent, nonexistent, is a myth, is short,
        was short, are short, were short, is minimal, was minimal, is low, was low, are low,
        is zero, was zero, is negligible, was negligible, is brief, was brief
    """,
    Role.NEUTRAL: """
        not only, not just, not merely, not simply, no wonder, no doubt, without doubt,
        without a doubt, without question, no question, no matter, nothing but, nothing except,
        not to mention, cant believe, cannot believe, couldnt believe, could not believe,
        can not believe, dont believe how, cant stand, cannot stand, couldnt stand, can not stand,
        wont tolerate, cant tolerate, cannot tolerate, cant take, dont understand,
        do not understand, cant understand, cannot understand, dont know, do not know, not sure,
        cant explain, cant deny, cannot deny, no denying, cant ignore, cant accept, cannot accept,
        no excuse, no surprise, not surprised, not surprising, cant help, cannot help but,
        no sooner, not until, couldnt be happier, could not be happier, cant be happier,
        never been happier, couldnt be better, could not be better, cant be better, never better,
        no better, could not be more pleased, couldnt be more pleased, couldnt be more satisfied,
        couldnt ask for, could not ask for, cant ask for, cant fault, cannot fault, cant beat,
        cant go wrong, cannot go wrong, cant go any, no need, no worries, no thanks, no idea,
        dont worry, do not worry, why not, whether or not, if not, not less, nothing less,
        none other, no other, nothing short of, never mind, never ending, neverending,
        never ceases, never stops, never stop, doesnt stop, dont stop, didnt stop, wouldnt stop,
        never stopped, wont stop, not enough, cant wait, cannot wait, one of the most, fast food,
        so far, too bad not, no less, not least, not alone, no joke, cant get worse,
        cant get any worse, couldnt get any worse, couldnt get worse, dont like how
    """,
}

SPEECH: Final = {
    " ".join(word.split()): role
    for role, words in reversed(list(_WORDS.items()))
    for word in words.split(",")
}
"""English words -> role; where words are listed twice, the first listing counts."""
