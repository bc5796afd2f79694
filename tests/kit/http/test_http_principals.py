import pytest
from http_app import problem_of


def bearer(*tokens):
    return [(b"authorization", token.encode("latin-1")) for token in tokens]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        bearer(""),
        bearer("Bearer"),
        bearer("Bearer "),
        bearer("Basic guest"),
        bearer("guest"),
        bearer("Bearer nobody"),
        bearer("Bearer guest guest"),
        bearer("Bearer guest", "Bearer guest"),
        bearer("Bearer " + "x" * 5_000),
        bearer("Bearer \xe9"),
        [(b"cookie", b"token=guest"), (b"x-user-id", b"3"), (b"x-forwarded-user", b"admin")],
    ],
)
async def test_without_a_good_token_nobody_asks(client, headers):
    response = await client.get("/v1/me", headers=headers)
    assert (response.status_code, problem_of(response)["code"]) == (401, "unauthenticated")
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("scheme", ["Bearer guest", "bearer guest", "BEARER  guest "])
async def test_a_token_says_who_asks(client, scheme):
    response = await client.get("/v1/me", headers=bearer(scheme))
    assert response.json() == 1


@pytest.mark.parametrize("named", [{"x-user-id": "3"}, {"x-forwarded-user": "3"}, {"x-account-id": "3"}])
async def test_no_other_header_says_who_asks(client, named):
    response = await client.get("/v1/me", headers={"authorization": "Bearer guest"} | named)
    assert response.json() == 1


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/v1/owner", "guest", 403),
        ("/v1/owner", "owner", 200),
        ("/v1/owner", "admin", 200),
        ("/v1/admin", "guest", 403),
        ("/v1/admin", "owner", 403),
        ("/v1/admin", "admin", 200),
        ("/v1/perhaps", "guest", 200),
        ("/v1/perhaps", "nobody", 401),
    ],
)
async def test_roles_open_what_they_open(client, path, token, status):
    response = await client.get(path, headers=bearer(f"Bearer {token}"))
    assert response.status_code == status
    if status == 403:
        assert problem_of(response)["code"] == "forbidden"


async def test_nobody_may_ask_where_a_token_is_optional(client):
    response = await client.get("/v1/perhaps")
    assert (response.status_code, response.json()) == (200, 0)


async def test_the_document_shows_what_needs_a_token(app):
    paths = app.openapi()["paths"]
    assert paths["/v1/me"]["get"]["security"] == [{"bearer": ["account"]}]
    assert "security" not in paths["/v1/items"]["post"]
    assert app.openapi()["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
