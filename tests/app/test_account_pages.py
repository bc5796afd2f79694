import pytest

from holdfast.accounts.service.letters import INVITATION_PAGE, PAGES
from holdfast.app import pages


class TestAPageALinkLeadsTo:
    @pytest.mark.parametrize("page", sorted({*PAGES.values(), INVITATION_PAGE}))
    def test_is_served_and_known_to_its_script(self, page):
        path = f"/account/{page}"
        assert pages._FILES[path] == ("account.html", "text/html")
        folder = pages.files(pages.__name__)
        assert f'"{path}": ' in folder.joinpath("account.js").read_text()
        assert "history.replaceState" in folder.joinpath("account.js").read_text()
