"""Addresses open with their secrets and are shown without them."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pathview.core.place import Address, lasting, place_of

SIGNED = "https://anna:s3cret@slides.example.org:8443/a/b%20c.svs?X-Amz-Signature=abc123#page"


def test_a_path_is_a_path_and_an_address_an_address() -> None:
    assert place_of("a/b.svs") == Path("a/b.svs")
    assert place_of("C:\\slides\\b.svs") == Path("C:\\slides\\b.svs")
    assert place_of(" HTTPS://host/b.svs ") == Address("HTTPS://host/b.svs")
    assert place_of("s3://bucket/b.svs") == Address("s3://bucket/b.svs")
    assert place_of(" b.svs") == Path(" b.svs")  # a file may be called so


def test_the_parts_of_an_address() -> None:
    address = Address(SIGNED)
    assert (address.scheme, address.host, address.login) == (
        "https",
        "slides.example.org",
        ("anna", "s3cret"),
    )
    assert (address.name, address.stem, address.suffix) == ("b c.svs", "b c", ".svs")
    assert address.request == "https://slides.example.org:8443/a/b%20c.svs?X-Amz-Signature=abc123"
    assert Address("http://host").name == "host"
    assert Address("http://host/a/%2e%2e").name == "host"
    assert Address("http://host/..%2f..%5Cb%0a.svs").name == ".._b_.svs"
    assert Address("http://host/x.ome.zarr/").name == "x.ome.zarr"


def test_the_secrets_of_an_address_are_not_shown() -> None:
    address = Address(SIGNED)
    assert str(address) == lasting(address) == "https://slides.example.org:8443/a/b%20c.svs"
    assert f"{address}{address!r}{[address]}".count("s3cret") == 0
    assert "abc123" not in repr(address)
    assert pickle.loads(pickle.dumps(address)) == address


def test_the_parts_of_a_folder_are_opened_with_the_same_secrets() -> None:
    part = Address("https://u:p@host/x.zarr/?sig=1") / "0/c/1"
    assert part.url == "https://u:p@host/x.zarr/0/c/1?sig=1"
    assert Address("https://u:p@host/x.zarr/zarr.json?sig=1").parent.url == "https://u:p@host/x.zarr?sig=1"


@pytest.mark.parametrize("query", ["X-Amz-Date=1&X-Amz-Signature=2", "sv=1&sig=2", "Expires=1&Signature=2"])
def test_a_new_signature_is_the_same_file_and_another_query_another_one(query: str) -> None:
    assert Address(f"https://host/a?{query}").identity == "https://host/a"
    assert Address("https://host/a?id=1").identity != Address("https://host/a?id=2").identity


@given(st.text(max_size=40))
def test_any_text_is_some_place_that_can_be_shown(text: str) -> None:
    place = place_of(f"http://{text}")
    assert str(place).startswith("http://")
    assert isinstance(place, Address)
    assert isinstance(place.name + place.stem + place.suffix + place.host + place.request, str)
    assert place.login is None or len(place.login) == 2
