"""Each script that the desk's pages import is served at the desk too, those of the phones' page included."""

from __future__ import annotations

import re

from sync.central.admin.desk.desk_door import _load


def test_whatever_a_script_of_the_desk_imports_is_served() -> None:
    served = _load()
    scripts = {name: answer.body.decode() for name, answer in served.items() if name.endswith(".js")}
    wanted = {found for text in scripts.values() for found in re.findall(r'from "\./([^"]+)"', text)}
    assert {"api.js", "say.js", "words.js"} <= wanted
    assert wanted - served.keys() == set()
