"""Packages that a step needs: named with the command that installs them, before anything is imported."""

from __future__ import annotations

import sys

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.packages import is_here, missing_package, require_packages


def test_a_module_is_found_without_being_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    assert is_here("this")
    assert "this" not in sys.modules
    assert not is_here("no_such_module_anywhere")
    monkeypatch.setitem(sys.modules, "numpy", None)  # as Python marks what must not be imported
    assert not is_here("numpy")


def test_all_that_is_missing_is_named_as_pip_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    require_packages("this", "numpy")
    for module in ("sklearn", "serial"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ScError) as caught:
        require_packages("the link", "serial", "numpy", "sklearn")
    assert str(caught.value) == "the link needs pyserial and scikit-learn: pip install pyserial scikit-learn"


def test_an_import_that_failed_is_explained_only_for_packages_that_we_use() -> None:
    named = [("torch.nn", "this needs torch: pip install torch"), ("yaml", "this needs pyyaml: pip install pyyaml")]
    for module, message in [*named, ("users_own_module", ""), (None, "")]:
        assert missing_package(ModuleNotFoundError("not found", name=module)) == message
    assert missing_package(ImportError("cannot import name", name="torch")) == ""
