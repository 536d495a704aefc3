"""Settings from the environment."""

import pytest

from cxr_demo.errors import CXRError
from cxr_demo.server.settings import LOOPBACK, Settings


def test_nothing_set_is_a_server_for_this_machine():
    settings = Settings.from_environment({})
    assert settings == Settings()
    assert settings.hosts == {"localhost", "127.0.0.1", "::1"}
    assert settings.embed_origins == () and not settings.mcp
    assert settings.login == "" and settings.proxies == ""


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({"GRADIO_SERVER_NAME": "127.0.0.1"}, LOOPBACK),
        ({"GRADIO_SERVER_NAME": "[::1]"}, LOOPBACK),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, None),
        ({"CXR_ORIGINS": "https://xray.example.org"}, LOOPBACK | {"xray.example.org"}),
        (
            {"GRADIO_SERVER_NAME": "0.0.0.0", "CXR_ORIGINS": "https://A.org:8443 http://b.org"},
            LOOPBACK | {"0.0.0.0", "a.org", "b.org"},
        ),
    ],
)
def test_names_that_are_answered_to(given, hosts):
    """Gradio's launch calls the server by the name it is bound to, or localhost."""
    assert Settings.from_environment(given).hosts == hosts


def test_all_of_them():
    settings = Settings.from_environment(
        {
            "CXR_LOGIN": "ann:se:cret",
            "CXR_ORIGINS": "https://xray.example.org",
            "CXR_EMBED_ORIGINS": "https://B.org https://a.org",
            "FORWARDED_ALLOW_IPS": "127.0.0.1",
            "CXR_MCP": "1",
        }
    )
    assert settings.login == "ann:se:cret" and "cret" not in repr(settings)
    assert settings.origins == {"https://xray.example.org"}
    assert settings.embed_origins == ("https://a.org", "https://b.org")
    assert settings.proxies == "127.0.0.1"
    assert settings.mcp


def test_on_spaces_hugging_face_frames_the_page_and_forwards_requests():
    given = {
        "SPACE_ID": "ann/demo",
        "SPACE_HOST": "Ann-demo.hf.space",
        "GRADIO_SERVER_NAME": "0.0.0.0",
    }
    settings = Settings.from_environment(given)
    assert settings.hosts is None and settings.origins == {"https://ann-demo.hf.space"}
    assert settings.embed_origins == ("https://huggingface.co", "https://*.hf.space")
    assert settings.proxies.split(",")[0] == "10.0.0.0/8"


@pytest.mark.parametrize(
    ("given", "offered"),
    [
        ({}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, False),
        ({"GRADIO_SERVER_NAME": "0.0.0.0", "CXR_OFFER_PICTURES": "yes"}, True),
        ({"CXR_OFFER_PICTURES": "no"}, False),
    ],
)
def test_only_on_ones_own_machine_visitors_have_pictures_fetched(given, offered):
    assert Settings.from_environment(given).offers_pictures is offered


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CXR_LOGIN", "ann"),
        ("CXR_LOGIN", "ann:"),
        ("CXR_LOGIN", ":secret"),
        ("CXR_ORIGINS", "xray.example.org"),
        ("CXR_ORIGINS", "https://xray.example.org/"),
        ("CXR_ORIGINS", "ftp://xray.example.org"),
        ("CXR_ORIGINS", "https://"),
        ("CXR_EMBED_ORIGINS", "https://a.org; script-src *"),
        ("CXR_EMBED_ORIGINS", "https://a.org,https://b.org"),
        ("GRADIO_SERVER_PORT", "0"),
        ("GRADIO_SERVER_PORT", "many"),
        ("GRADIO_SERVER_PORT", "-1"),
        ("GRADIO_SERVER_PORT", ""),
        ("CXR_OFFER_PICTURES", "true"),
        ("CXR_MCP", "maybe"),
    ],
)
def test_what_is_wrong_is_named(name, value):
    with pytest.raises(CXRError, match=name):
        Settings.from_environment({name: value})
