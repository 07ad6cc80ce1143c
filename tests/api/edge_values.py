"""Awkward values: texts, numbers, times and other JSON at the edges of what fields take."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

TEXTS: Final = (
    *("", " ", "a", "x" * 200, "x" * 201, "x" * 10_000, "\0", "a\0b", "\r\n", "\t", "\x7f\x85"),
    *("\u202e\u200f", "\ufeff", "e" + "\u0301" * 300, "\U0001f600", "\U0001f468\u200d\U0001f469"),
    *("\u3000", "\ufffe\uffff", "\U0010ffff", "客户", "null", "-1", "1e400", "..", "a/b", "%00%ff"),
    *("{0}%s${x}", "' OR 1=1 --", "<b>", "__class__", "*", '"', "1" * 400, "13812345678", "nan"),
    *("0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.9999999Z"),
    *("2026-12-31T23:59:60Z", "2026-11-28T24:00:00Z", "2026-W48-6", "2026-332", "20261128T010203Z"),
    *(
        "2026-11-28T00:00:00+24:00",
        "2026-02-30",
        "1969-12-31T23:59:59Z",
        "0000-01-01",
        "10000-01-01",
    ),
    *("2026-11-28T01:02:03[Asia/Shanghai]", "P1D", "1d", "9e99d", "-1s", "Asia/Shanghai", "../etc"),
)
NUMBERS: Final = (
    *("0", "-0", "-0.0", "5e-324", "1e-320", "1e-400", "0.1", "1e26", "1e308", "-1e308", "1e400"),
    *("-1e400", "9007199254740993", "9223372036854775808", "18446744073709551616", "-1", "1.5"),
    *("1" + "0" * 400, "-1" + "0" * 400, "1" + "0" * 5000, "1795915314", "1795915314000", "1e3"),
    *("-62135596800", "253402300800", "99999999999999999999", "2147483648", "100000.01", "0.001"),
)
OTHERS: Final = (
    *("true", "false", "null", "[]", "{}", "[[]]", '{"": {}}', '{"a": 1, "a": 2}', "[null]"),
    *("[" * 900 + "]" * 900, '{"a":' * 500 + "1" + "}" * 500, "[" + "0," * 20_000 + "0]"),
    "{" + ",".join(f'"k{number}": {number}' for number in range(2000)) + "}",
    *(r'"\ud800"', r'"\udc00\ud800"', r'"a\ud83d"', r'{"\ud800": 1}', r'"\u0000"'),
)
RAW: Final = (
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'"\xc0\x80"',
    b'"a\xf0\x9f\x98"',
    b'"\xf4\x90\x80\x80"',
)
EDGES: Final = (
    *(json.dumps(text, ensure_ascii=False).encode() for text in TEXTS),
    *(one.encode() for one in (*NUMBERS, *OTHERS)),
    *RAW,
)
"""Values of JSON, as they are written."""
BROKEN: Final = (
    *(
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"01",
        b"1.",
        b"+1",
        b"'a'",
        b"",
        b'"',
        b"\xff",
        b'"\x01"',
    ),
    *(b"[" * 10_000 + b"]" * 10_000, b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
)
"""Bodies that are no JSON, or too deep."""
URL: Final = (
    *(quote(text, safe="") for text in TEXTS if len(text) < 300),
    *(
        "%ff",
        "%00",
        "%ed%a0%80",
        "+",
        "%2B",
        "%2F",
        "%2e%2e",
        "a%20b",
        "%",
        "%zz",
        "a" * 65,
        "x" * 3000,
    ),
    *(quote(number) for number in NUMBERS if len(number) < 500),
)
HEADERS: Final = (
    *(
        "Content-Type",
        "Content-Encoding",
        "Authorization",
        "X-API-Key",
        "Origin",
        "Accept",
        "Range",
    ),
    *("If-Match", "If-None-Match", "Cookie", "Accept-Encoding", "X-Forwarded-For", "User-Agent"),
)
ODD_HEADERS: Final = (
    *(
        "",
        " ",
        "\xff\xfe",
        "a" * 4000,
        "\x00",
        ",,,",
        ";=;",
        '"',
        "*",
        "*,*",
        'W/"1"',
        "Bearer",
        "Basic a:b",
    ),
    *(
        "application/json;charset=\xff",
        "text/html",
        "multipart/form-data",
        "gzip, gzip",
        "bytes=0-1,-1",
    ),
    *('"99999999999999999999"', '"0"', '"-1"', '"1", "2", *', "null", "http://\xe9", "1e400"),
)
