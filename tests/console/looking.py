"""What a page looks like and reads like: checks after WCAG 2.2 AA that can be made by looking, and screenshots."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

#: Kept after the tests, for people to look at.
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

_FAULTS = r"""
() => {
  const faults = [];
  const visible = (e) => e.checkVisibility({ checkVisibilityCSS: true }) && !e.closest(".unseen, .skip, noscript");
  const all = (selector) => [...document.querySelectorAll(selector)].filter(visible);
  const told = (e) => e.outerHTML.slice(0, 120);
  const labelled = (e) => [...(e.labels || [])].map((label) => label.textContent).join(" ").trim();
  const named = (e) => (e.getAttribute("aria-label") || labelled(e) || e.textContent || e.value || "").trim();

  if (!document.documentElement.lang) faults.push("the page has no language");
  if (!document.title.trim()) faults.push("the page has no title");
  if (document.documentElement.scrollWidth > window.innerWidth)
    faults.push(`the page is ${document.documentElement.scrollWidth} wide in ${window.innerWidth}`);

  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) faults.push(`a level of headings is left out before ${told(heading)}`);
    level = own;
  }
  for (const e of all("a[href], button, summary")) if (!named(e)) faults.push(`no name: ${told(e)}`);
  for (const e of all("input:not([type=hidden]), select, textarea")) {
    if (!labelled(e) && !e.getAttribute("aria-label")) faults.push(`no label: ${told(e)}`);
  }
  for (const e of document.querySelectorAll("[for], [aria-describedby], [aria-labelledby]"))
    for (const name of ["for", "aria-describedby", "aria-labelledby"])
      for (const id of (e.getAttribute(name) || "").split(" ").filter(Boolean))
        if (!document.getElementById(id)) faults.push(`${name} of nothing: ${told(e)}`);
  for (const e of all("svg")) {
    const is_named = e.querySelector("title") || e.getAttribute("aria-label");
    if (!is_named && e.getAttribute("aria-hidden") !== "true") faults.push(`a picture without a title: ${told(e)}`);
  }
  for (const table of all("table")) {
    if (!table.querySelector("th[scope]")) faults.push(`no header cells: ${told(table)}`);
    const section = table.closest("[aria-labelledby], [aria-label]");
    const is_named = table.caption || section || table.getAttribute("aria-label");
    if (!is_named) faults.push(`a table without a name: ${told(table)}`);
  }
  for (const e of all("button, input[type=checkbox], input[type=radio], nav a, .button, summary")) {
    const box = e.getBoundingClientRect();
    const least = e.tagName === "BUTTON" ? 24 : 18;
    if (Math.min(box.width, box.height) < least)
      faults.push(`too small to touch (${Math.round(box.width)} x ${Math.round(box.height)}): ${told(e)}`);
  }

  const rgba = (text) => (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number).concat(1).slice(0, 4);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] > 0.99) return color;
    }
    return rgba(getComputedStyle(document.documentElement).colorScheme.includes("dark") ? "0 0 0" : "255 255 255");
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || seen.has(e) || !visible(e)) continue;
    if (e.closest("script, style, option, title, desc, :disabled")) continue;
    seen.add(e);
    const style = getComputedStyle(e);
    const ink = rgba(e.closest("svg") ? style.fill : style.color);
    const [light, dark] = [luminance(ink), luminance(behind(e))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const is_large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < (is_large ? 3 : 4.5)) faults.push(`contrast ${ratio.toFixed(2)}: ${told(e)}`);
  }
  return [...new Set(faults)];
}
"""


def faults_of(page: Page) -> list[str]:
    """What somebody with other eyes, hands or a smaller screen would stumble over; nothing where all is well."""
    faults: list[str] = page.evaluate(_FAULTS)
    return faults


def look_at(page: Page, name: str, heading: str) -> None:
    """Once a page with this heading is there, keep a screenshot, and assert that nobody stumbles. In the dark too: its
    colours are others."""
    expect(page.locator("h1")).to_contain_text(heading)
    page.wait_for_load_state()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        faults = faults_of(page)
        assert not faults, f"{name}, {scheme}: {faults}"
        page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
