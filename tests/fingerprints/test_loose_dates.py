import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fingerprints.dates import canonical_time
from fingerprints.loose_dates import read_date


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("05Nov2025", "2025-11-05"),
        ("20/09/2019 19:31 WIB", "2019-09-20T12:31:00Z"),
        ("29-Sep-19 11:05 WIB", "2019-09-29T04:05:00Z"),
        ("19-Sep-19 15:30", "2019-09-19T08:30:00Z"),
        ("Sabtu, 31 Agustus 2019 | 10:20 WIB", "2019-08-31T03:20:00Z"),
        ("Kamis, 31 Januari 2019 / 07:02 WIB", "2019-01-31T00:02:00Z"),
        ("Jum'at, 3 Mei 2019 pukul 08.15 WITA", "2019-05-03T00:15:00Z"),
        ("9 Juli 2024 20.00 WIT", "2024-07-09T11:00:00Z"),
        ("02/02/2019, 17:32 WIB", "2019-02-02T10:32:00Z"),
        ("10/20/2025 8:13", "2025-10-20T01:13:00Z"),
        ("20:18 16 Sep 2019", "2019-09-16T13:18:00Z"),
        ("28+January+2019", "2019-01-28"),
        ("13+December+2018", "2018-12-13"),
        ("Oct 2, 2019", "2019-10-02"),
        ("September 04, 2019", "2019-09-04"),
        ("Oct 2, 2019 12:04 AM", "2019-10-01T17:04:00Z"),
        ("29 Agustus 2019 15:00:00", "2019-08-29T08:00:00Z"),
        ("2019-09-16 20:25 WIB", "2019-09-16T13:25:00Z"),
        ("2019-09-11 08:20:00", "2019-09-11T01:20:00Z"),
        ("2024-07-09", "2024-07-09"),
        ("2024/7/9", "2024-07-09"),
        ("20240709", "2024-07-09"),
        ("2024-07-09T08:00:00+07:00", "2024-07-09T01:00:00Z"),
        ("2024-07-09T08:00:00+0700", "2024-07-09T01:00:00Z"),
        ("2024-07-09T08:00:00.000Z", "2024-07-09T08:00:00Z"),
        ("Tue, 09 Jul 2024 08:00:00 +0700", "2024-07-09T01:00:00Z"),
        ("Tue, 09 Jul 2024 08:00:00 GMT", "2024-07-09T08:00:00Z"),
        ("9 Juli 2024 10:00 UTC+8", "2024-07-09T02:00:00Z"),
        ("  9 Juli 2024  ", "2024-07-09"),
    ],
)
def test_reads_common_forms(value: str, expected: str) -> None:
    assert read_date(value) == (expected, None)


@pytest.mark.parametrize(
    "value", ["", "  ", "abc", "2019", "3 Tahun 2019", "rapat 9 Juli 2024 di Kendari", "9 Juli 2024 dan 3", "\0", "x" * 5000]
)
def test_what_is_no_date_is_none_with_a_warning(value: str) -> None:
    day, warning = read_date(value)
    assert day is None
    assert warning is not None
    assert "not a date" in warning


@pytest.mark.parametrize(
    "value", ["31/02/2019", "2024-07-09T25:00:00Z", "30 Februari 2024", "13/13/2019", "0000-01-01", "9 Juli 2024 10:61 WIB"]
)
def test_impossible_days_and_times_are_none_with_a_warning(value: str) -> None:
    day, warning = read_date(value)
    assert day is None
    assert warning is not None
    assert repr(value) in warning


def test_day_and_month_that_cannot_be_told_apart() -> None:
    assert read_date("03/04/2019")[0] is None
    assert "cannot be told apart" in (read_date("03/04/2019 10:00 WIB")[1] or "")
    assert read_date("03/04/2019", day_first=True) == ("2019-04-03", None)
    assert read_date("03/04/2019", day_first=False) == ("2019-03-04", None)


def test_the_number_over_twelve_is_the_day_whatever_the_caller_believes() -> None:
    assert read_date("04/25/2019", day_first=True) == ("2019-04-25", None)
    assert read_date("25/04/2019", day_first=False) == ("2019-04-25", None)


def test_a_weekday_beside_it_tells_day_from_month() -> None:
    assert read_date("Rabu, 03/04/2019") == ("2019-04-03", None)  # 3 April 2019 was a Wednesday
    assert read_date("Senin, 03/04/2019") == ("2019-03-04", None)  # 4 March 2019 was a Monday
    assert read_date("Kamis, 03/04/2019")[0] is None


@given(
    st.text(max_size=60)
    | st.from_regex(
        r"[0-9]{1,4}[-/. ][0-9A-Za-z]{1,4}[-/. ][0-9]{2,4}[ T,|]*([0-9]{2}[:.][0-9]{2})? ?(WIB|Z|\+0700)?", fullmatch=True
    )
)
def test_any_string_gives_a_canonical_time_or_a_warning(value: str) -> None:
    day, warning = read_date(value)
    assert (day is None) != (warning is None)
    if day is not None:
        assert canonical_time(day, "published_at") == day


@given(st.datetimes(min_value=datetime.datetime(1970, 1, 1), max_value=datetime.datetime(2090, 1, 1)))
def test_indonesian_long_form_round_trips(moment: datetime.datetime) -> None:
    months = (
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    )
    written = f"{moment.day} {months[moment.month - 1]} {moment.year} {moment.hour:02d}.{moment.minute:02d} WIB"
    expected = moment.replace(second=0, microsecond=0) - datetime.timedelta(hours=7)
    assert read_date(written) == (expected.isoformat() + "Z", None)
