"""A card number that is sent to a server leaves no trace: not in its answers, its log, its metrics or its files."""

import httpx
import pytest

from support.process import HoldfastServer
from support.visitors import SECRET, home

CARD = "4000056655665556"
WRITINGS = (CARD, "4000 0566 5566 5556", "4000-0566-5566-5556")
PERSON = {"username": "carla", "email": "carla@example.com", "password": "a long enough word"}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    with HoldfastServer("--database", f"sqlite:///{folder}/house.db", env={"HOLDFAST_SECRET": SECRET}) as server:
        server.folder = folder
        yield server


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.base_url) as client:
        yield client


def requests(card):
    key = {"Idempotency-Key": card}
    yield "/name", ("POST", "/v1/owner/properties"), {"json": home(name=f"Pay with {card}")}
    yield "/username", ("POST", "/v1/accounts"), {"json": PERSON | {"username": card}}
    yield "/password", ("POST", "/v1/sessions"), {"json": {"login": "carla", "password": card}}
    yield (
        "/token",
        ("POST", "/v1/payments"),
        {"json": {"hold_id": "x", "method": "card", "token": card}, "headers": key},
    )
    yield "/card/number", ("POST", "/v1/payments"), {"json": {"card": {"number": card}}, "headers": key}
    yield "#query/text", ("GET", "/v1/search/stays"), {"params": {"text": card}}


@pytest.mark.parametrize("card", WRITINGS)
def test_a_card_number_leaves_no_trace(server, client, card):
    answers = []
    for pointer, (method, path), sent in requests(card):
        answer = client.request(method, path, **sent)
        answers.append(answer)
        if answer.status_code not in {401, 404}:  # who may not ask is told that first, or nothing
            assert (answer.status_code, answer.json()["code"]) == (422, "card_number_refused"), path
            assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert len([answer for answer in answers if answer.status_code == 422]) >= 4
    answers.append(client.post("/api/users/register", json=PERSON | {"email": card}))
    assert answers[-1].status_code == 400
    answers.append(client.get("/v1/search/stays", headers={"X-Request-ID": card.replace(" ", "-")}))
    answers.append(client.get("/metrics"))
    for answer in answers:
        assert card not in answer.text + str(answer.headers)
    assert card not in server.output()
    for file in server.folder.rglob("*"):
        assert file.is_dir() or card.encode() not in file.read_bytes(), file
