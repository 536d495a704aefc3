"""Uploads an assembled Space to the Hugging Face Hub and deletes all other files there."""

from pathlib import Path

from huggingface_hub import HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError

from cxr_demo.errors import CXRError

NEXT = {
    401: "Log in again with a token that may write: `hf auth login`.",
    402: "A Space that runs Gradio needs a subscription.",
    403: "Log in as somebody who may write there, with a token that may: `hf auth login`.",
    404: "Correct the name, or log in as somebody who may see it.",
}


def upload(folder: Path, name: str, private: bool) -> str:
    """Create a Space if it does not exist, replace all its files, and return its address.

    Args:
        folder: the assembled Space.
        name: "NAME/SPACE", where NAME is a user or an organisation.
        private: whether only they may see it; otherwise the Hub's default applies.

    Raises:
        CXRError: if nobody is logged in, the Hub refuses or cannot be reached, or the Space is
            public although `private` was asked for; nothing is uploaded then.
    """
    if not get_token():
        raise CXRError("Nobody is logged in to the Hub. Run `hf auth login`, then this again.")
    hub, space = HfApi(), {"repo_id": name, "repo_type": "space"}
    try:
        if "/" not in name:
            raise HFValidationError("it does not say whose the Space is")
        address = hub.create_repo(
            **space, space_sdk="gradio", exist_ok=True, private=private or None
        )
        if private and not hub.space_info(name).private:
            raise CXRError(f"{name} is there for all to see. Make it private in its settings.")
        hub.upload_folder(**space, folder_path=folder, delete_patterns="*")
    except HFValidationError as error:
        raise CXRError(f"{name} is no name for a Space ({error}). Give NAME/SPACE.") from None
    except HfHubHTTPError as error:
        status, said = error.response.status_code, error.server_message
        remedy = NEXT.get(status, "Try again later.")
        raise CXRError(f"The Hub refuses {name} ({status}, {said}). {remedy}") from None
    except (HTTPError, OSError) as error:
        raise CXRError(f"Nothing reaches the Hub ({error}). Check the network.") from None
    return str(address)
