"""What axe-core says of a page once it has come to rest."""

from axe_playwright_python.sync_playwright import Axe

RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


def settle(page) -> None:
    """Wait until transitions have ended: Gradio's buttons take .2 s from one look to the next."""
    page.evaluate(
        """Promise.all(document.getAnimations()
             .filter((one) => one.effect.getComputedTiming().endTime < Infinity)
             .map((one) => one.finished.catch(() => null))).then(() => null)"""
    )


def violations(page) -> list[str]:
    """What axe-core finds against WCAG 2 A and AA."""
    settle(page)
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {node['html'][:160]}" for v in found for node in v["nodes"]]
