"""A reporter's identity in a browser: what leaves it is sealed, and the organ's key opens it."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import BrowserContext, Request, expect

from media.proof import key_id, new_device_key, open_identity
from tests.web.county import Desk
from tests.web.test_browser import Window, own_address  # noqa: F401 - a fixture
from visits.tipoffs import sealed_identity, tip_offs

pytestmark = pytest.mark.browser
NAME, CONTACT = "演示举报人甲", "只在夜里打电话"


def test_who_reported_leaves_the_browser_sealed_and_opens_with_the_organs_key(
    own_desk: Desk,
    own_address: str,  # noqa: F811
    new_context: Callable[..., BrowserContext],
) -> None:
    key, sent = new_device_key(), []
    context = new_context("phone")
    here = Window(context.new_page(), own_address).sign_in("discipline")
    page = here.page
    page.on("request", lambda asked: sent.append(asked))
    here.go("/desk/tip-offs")
    page.locator("#public_key").fill(json.dumps({**key.public_jwk, "d": "AAAA"}))
    page.get_by_role("button", name="启用这把公钥").click()
    expect(page.locator("main")).to_contain_text("私钥不得粘贴到这里")
    here.go("/desk/tip-offs")
    page.locator("#public_key").fill(json.dumps(key.public_jwk))
    page.get_by_role("button", name="启用这把公钥").click()
    expect(page.locator("main")).to_contain_text(key_id(key.public_jwk))
    assert here.sideways_px() <= 0
    page.locator("#text").fill("补贴名单没有公示")
    page.get_by_label("姓名").fill(NAME)
    page.get_by_label("联系方式").fill(CONTACT)
    page.get_by_role("button", name="封存并登记").click()
    expect(page.get_by_role("status").first).to_have_text("已登记。")
    expect(page.locator("main")).to_contain_text("shidi vault open")
    assert here.sideways_px() <= 0
    assert not any(NAME in told(one) or CONTACT in told(one) for one in sent)
    store, actor = own_desk.world.store, own_desk.world.actors["discipline"]
    with store.writing() as uow:
        [made] = tip_offs(uow, actor)
        text = sealed_identity(uow, actor, made.id, at_utc=made.entered_utc)
    assert open_identity(text, key) == {"name": NAME, "contact": CONTACT}
    with page.expect_download() as fetched:
        page.get_by_role("link", name="取出密文").click()
    assert open_identity(fetched.value.path().read_text(), key)["name"] == NAME
    page.locator("#outcome-text").fill("已核实，名单已补公示")
    page.get_by_label("销毁身份密文").check()
    page.get_by_role("button", name="记下结果").click()
    expect(page.locator("main")).to_contain_text("身份密文已销毁")
    # The private key in the first try is refused by the server: the one thing that a browser says went wrong.
    assert [what for what in here.wrong if "400" not in what] == []


def told(asked: Request) -> str:
    """What a request says, in its address and its body, as people read it."""
    return asked.url + str(parse_qs(asked.post_data or ""))
