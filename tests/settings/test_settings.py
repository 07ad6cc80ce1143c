"""Settings: one meaning from two sources, and errors that name the place, the key and the cure."""

from __future__ import annotations

import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings, load, load_or_create_secrets, stray_variables

SECRET = "a-secret-of-enough-length-0123456"  # noqa: S105 - no real one


@pytest.fixture
def base(tmp_path: Path) -> dict[str, str]:
    """An environment whose directories are the test's own."""
    return {"NUDGE_DATA_DIR": str(tmp_path / "data"), "NUDGE_CONFIG_DIR": str(tmp_path)}


def write(base: dict[str, str], text: str) -> Path:
    path = Path(base["NUDGE_CONFIG_DIR"]) / "nudge.toml"
    path.write_text(text)
    return path


def test_defaults_serve_on_loopback_with_an_embedded_store(base: dict[str, str]) -> None:
    """Nothing set: loopback, embedded store in the data directory, keys of its own."""
    settings = load(base)
    assert (settings.host, settings.port, settings.redis_url) == ("127.0.0.1", 8000, None)
    assert settings.store_url == f"unix://{settings.data_dir}/store/store.sock"
    assert settings.admin_key
    assert settings.page_key
    assert len(settings.secret_key) >= 32


def test_variables_win_over_the_file(base: dict[str, str]) -> None:
    """The file overrides defaults, a variable overrides the file, an empty one counts as unset."""
    write(base, 'holdout = 0.1\npartitions = 4\ncors_origins = ["https://a.example"]')
    settings = load(base | {"NUDGE_PARTITIONS": "16", "NUDGE_HOLDOUT": ""})
    assert (settings.holdout, settings.partitions) == (0.1, 16)
    assert settings.cors_origins == ("https://a.example",)


def test_s05_who_owns_an_id_is_a_setting(base: dict[str, str]) -> None:
    """`[people] pages_own_ids` is read from both sources and survives the way to a child."""
    assert load(base).people_pages_own_ids
    write(base, "[people]\npages_own_ids = false")
    settings = load(base)
    assert not settings.people_pages_own_ids
    assert load(settings.to_environ()) == settings
    assert load(base | {"NUDGE_PEOPLE_PAGES_OWN_IDS": "true"}).people_pages_own_ids


@pytest.mark.parametrize("bind", ["127.0.0.1:9000", "[::1]:80", "nudge.example:1"])
def test_settings_survive_the_way_to_a_child_process(base: dict[str, str], bind: str) -> None:
    """The environment that `to_environ` gives is read back by `load` as the same settings."""
    extra = {"NUDGE_BIND": bind, "NUDGE_CORS_ORIGINS": "https://a.example, https://b.example"}
    settings = load(base | extra)
    assert load(settings.to_environ()) == settings


def test_s06_limits_are_rates_in_plain_words(base: dict[str, str]) -> None:
    """A rate is read from both sources, printed as written, and survives the way to a child."""
    write(base, '[limits]\naddress = "600/min burst 40"\nkey = 0\ngateways = ["10.1.0.0/16"]')
    settings = load(base | {"NUDGE_LIMITS_DEVICE": "7/s", "NUDGE_LIMITS_TRUSTED_PROXIES": "unix"})
    assert settings.limits_address == (10, 40)
    assert settings.limits_device == (7, 70)
    assert settings.limits_key.is_off
    shown = settings.masked()
    names = ("limits_key", "limits_address", "limits_server", "limits_trusted_proxies")
    assert [shown[name] for name in names] == ["none", "10/s burst 40", "none", ("unix",)]
    assert load(settings.to_environ()) == settings


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("NUDGE_SECRET_KEY", "too-short", "at least 32 characters"),
        ("NUDGE_LIMITS_KEY", "many", "200/s burst 2000"),
        ("NUDGE_LIMITS_KEY", "0/s", "200/s burst 2000"),
        ("NUDGE_LIMITS_KEY", "10/s burst 0", "200/s burst 2000"),
        ("NUDGE_LIMITS_GATEWAYS", "10.0.0.0/8,here", "a network, such as 10.0.0.0/8"),
        ("NUDGE_LIMITS_TRUSTED_PROXIES", "10.0.0.0/99", "a network, such as 10.0.0.0/8"),
        ("NUDGE_BIND", "8000", "HOST:PORT"),
        ("NUDGE_BIND", "127.0.0.1:99999", "65535"),
        ("NUDGE_PARTITIONS", "2.5", "integer"),
        ("NUDGE_HOLDOUT", "nan", ""),
        ("NUDGE_HOLDOUT", "1.5", "0.9"),
        ("NUDGE_AOF", "never", "everysec"),
        ("NUDGE_REDIS_URL", "http://store", "redis+cluster://"),
        ("NUDGE_NAMESPACE", "a{b}", "letters"),
        ("NUDGE_ADMIN_KEY", "two words", "ASCII"),
    ],
)
def test_a_wrong_variable_is_named(base: dict[str, str], name: str, value: str, says: str) -> None:
    """The message starts with the variable and says what would be right."""
    with pytest.raises(InvalidConfigError) as caught:
        load(base | {name: value})
    assert [line.startswith(f"{name}: ") for line in caught.value.problems] == [True]
    assert says in caught.value.problems[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("holdoutt = 0.1", "holdoutt: no such setting; did you mean holdout?"),
        ("zzz = 1", "zzz: no such setting; known keys: aof,"),
        ('secret_key = "x"', "secrets do not belong in this file; set NUDGE_SECRET_KEY"),
        ("partitions = true", "partitions: "),
        ("partitions = 2.5", "partitions: "),
        ('cors_origins = "https://a.example"', "cors_origins: "),
        ("holdout = ", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_named(base: dict[str, str], text: str, says: str) -> None:
    """The message names the file and the key; nothing unknown passes in silence."""
    path = write(base, text)
    with pytest.raises(InvalidConfigError) as caught:
        load(base)
    assert caught.value.problems[0].startswith(f"{path}: ")
    assert says in caught.value.problems[0]


def test_all_problems_come_at_once(base: dict[str, str]) -> None:
    """An operator corrects one list, not one line after the other."""
    with pytest.raises(InvalidConfigError) as caught:
        load(base | {"NUDGE_AOF": "x", "NUDGE_HOLDOUT": "x"})
    assert len(caught.value.problems) == 2


def test_a_named_directory_must_exist(base: dict[str, str]) -> None:
    """A mistyped configuration directory is an error, not a silent set of defaults."""
    with pytest.raises(InvalidConfigError, match="no such configuration directory"):
        load(base | {"NUDGE_CONFIG_DIR": "/no/such/place"})
    with pytest.raises(InvalidConfigError, match="cannot be read"):
        load(base, Path(base["NUDGE_CONFIG_DIR"]) / "other.toml")


def test_strange_variables_are_pointed_out() -> None:
    """They are no error, but a near miss is named with what was meant."""
    found = stray_variables({"NUDGE_REDIS_ULR": "x", "NUDGE_SERVICE_HOST": "x", "HOME": "x"})
    assert found == {"NUDGE_REDIS_ULR": "NUDGE_REDIS_URL", "NUDGE_SERVICE_HOST": ""}


def test_secrets_are_made_once_and_for_the_owner_only(base: dict[str, str]) -> None:
    """A second start has the same keys; the file is readable by its owner alone."""
    first = load(base)
    assert load(base) == first
    path = first.data_dir / "secrets.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in first.data_dir.iterdir()] == ["secrets.toml"]


def test_concurrent_first_starts_agree(tmp_path: Path) -> None:
    """Eight processes that start at once on an empty directory all have the same secrets."""
    code = (
        "import sys; from pathlib import Path;"
        "from nudge.settings.keyfile import load_or_create_secrets;"
        "sys.stdin.read(); print(load_or_create_secrets(Path(sys.argv[1])).secret_key)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "data")]
    starts = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    for start in starts:
        assert start.stdin is not None
        start.stdin.close()
        start.stdin = None
    assert len({start.communicate()[0] for start in starts}) == 1


def test_given_keys_are_not_replaced(base: dict[str, str]) -> None:
    """Given keys are used; where all are given, nothing is written."""
    keys = {"NUDGE_SECRET_KEY": SECRET, "NUDGE_ADMIN_KEY": "a" * 32, "NUDGE_PAGE_KEY": "p" * 32}
    settings = load(base | keys)
    assert settings.secret_key == SECRET.encode()
    assert (settings.admin_key, settings.page_key) == ("a" * 32, "p" * 32)
    assert not settings.data_dir.exists()


@pytest.mark.parametrize("name", ["NUDGE_ADMIN_KEY", "NUDGE_PAGE_KEY", "NUDGE_SECRET_KEY"])
def test_s11_a_short_key_is_refused_with_the_cure(base: dict[str, str], name: str) -> None:
    """A key of fewer than 32 characters is refused; the message has a way to make one, not it."""
    with pytest.raises(InvalidConfigError, match=f"{name}: at least 32 .*openssl") as caught:
        load(base | {name: "k" * 31})
    assert "k" * 31 not in str(caught.value)
    load(base | {name: "k" * 32})


def test_s11_a_short_key_in_the_file_of_secrets_is_refused(base: dict[str, str]) -> None:
    """A key edited in the file is held to the same length; the file and the key's name are told."""
    load(base)
    file = Path(base["NUDGE_DATA_DIR"]) / "secrets.toml"
    file.write_text(
        "\n".join(f'{name} = "{"k" * 31}"' for name in vars(load_or_create_secrets(file.parent)))
    )
    with pytest.raises(InvalidConfigError, match=r"secrets\.toml: admin_key: at least 32"):
        load(base)


def test_s11_a_secret_key_that_hangs_on_data_stays_good(base: dict[str, str]) -> None:
    """Versions before took 16 characters, and nobody is recognised under another secret key."""
    settings = load(base)
    settings.store_note.write_text("{}")
    assert load(base | {"NUDGE_SECRET_KEY": "k" * 16}).secret_key == b"k" * 16


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    """New secrets beside old data would make it unreadable: the file is named, and the cure."""
    (tmp_path / "secrets.toml").write_text('secret_key = "x"\n')
    with pytest.raises(InvalidConfigError, match=r"secrets\.toml: admin_key: .*backup"):
        load_or_create_secrets(tmp_path)


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """The cure is in the message."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidConfigError, match="set NUDGE_DATA_DIR"):
        load_or_create_secrets(tmp_path / "file")


def test_nothing_printed_holds_a_secret(settings: Settings) -> None:
    """Neither `masked` nor repr shows a key or the store's password."""
    settings = replace(settings, redis_url="redis://user:hunter2@127.0.0.1:6379")
    shown = f"{settings} {settings.masked()}"
    assert "hunter2" not in shown
    assert settings.masked()["store_url"] == "redis://user:***@127.0.0.1:6379"
    for secret in (settings.secret_key.decode(), settings.admin_key, settings.page_key):
        assert str(secret) not in shown


def test_o07_a_demonstration_keeps_its_data_apart(base: dict[str, str]) -> None:
    """Its data directory is another one, and so is its namespace in a store that others use."""
    settings = load(base, demo=True)
    assert settings.data_dir == Path(f"{base['NUDGE_DATA_DIR']}-demo")
    assert settings.namespace == "nudge"
    assert not Path(base["NUDGE_DATA_DIR"]).exists()
    shared = base | {"NUDGE_REDIS_URL": "redis://store.example", "NUDGE_NAMESPACE": "n"}
    assert load(shared, demo=True).namespace == "n-demo"


def test_s01_bounds_of_slow_clients_have_a_section_beside_the_older_names(
    base: dict[str, str],
) -> None:
    """`[web]` holds the deadlines; `web_workers` stays outside; no time at all is refused."""
    write(base, 'web_workers = 3\n[web]\nhead_timeout = "2s"\nmax_connections = 99\n')
    settings = load(base)
    assert (settings.web_workers, settings.web_head_timeout) == (3, 2.0)
    assert (settings.web_body_timeout, settings.web_max_connections) == (10.0, 99)
    write(base, '[web]\nbody_timeout = "0s"\n')
    with pytest.raises(InvalidConfigError, match=r"web.body_timeout: write a duration from 0.5"):
        load(base)
