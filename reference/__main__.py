"""Writes every page of docs/reference/ anew, and takes away what is no page of it any more."""

from __future__ import annotations

from reference.pages import FOLDER, PAGES


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file in FOLDER.glob("*.md"):
        if file.name not in PAGES:
            file.unlink()
    for name, written in PAGES.items():
        (FOLDER / name).write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main()
