"""The bill of materials names what is installed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_every_pinned_package_is_in_it_with_version_and_hashes(tmp_path: Path) -> None:
    target = tmp_path / "bill.json"
    subprocess.run([sys.executable, ROOT / ".ci" / "sbom", target], check=True, capture_output=True)
    bill = json.loads(target.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["name"] == "smart-ems"
    found = {(each["name"].lower(), each["version"]) for each in bill["components"]}
    pinned = re.findall(r"^([\w.-]+)==([^ ;]+)", (ROOT / "requirements.txt").read_text(), re.M)
    assert len(pinned) > 50
    assert {(name.lower(), version) for name, version in pinned} <= found
    django = next(each for each in bill["components"] if each["name"].lower() == "django")
    assert any(reference["hashes"] for reference in django["externalReferences"] if "hashes" in reference)
