"""The files for contributors: they parse, say the project's version, and name only what there is.

The commands of CONTRIBUTING.md are run or looked up by tests/test_commands.py, as those of every page.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sc_neurocore

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FORMS = ("bug", "feature", "question")
#: What a form of an issue may be made of: https://docs.github.com/communities, "Syntax for GitHub's form schema".
NEEDS = {
    "markdown": {"value"},
    "textarea": {"label"},
    "input": {"label"},
    "dropdown": {"label", "options"},
    "checkboxes": {"label", "options"},
}


def read_yaml(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def pinned() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line}


def lint_recipe() -> str:
    return subprocess.run(["make", "-n", "lint"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_citation_says_what_the_project_says() -> None:
    cited = read_yaml("CITATION.cff")
    assert cited["cff-version"] == "1.2.0"
    assert cited["message"]
    assert cited["title"] == "sc_neurocore"
    assert cited["type"] == "software"
    assert cited["authors"] == [{"name": "The sc_neurocore authors"}]
    project = PROJECT["project"]
    # The version of pyproject.toml is that of the file it names.
    assert project["dynamic"] == ["version"]
    source = (ROOT / PROJECT["tool"]["hatch"]["version"]["path"]).read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    assert version
    assert cited["version"] == version[1] == sc_neurocore.__version__
    assert cited["license"] == project["license"]
    assert cited["keywords"] == project["keywords"]
    assert cited["abstract"] == f"{project['description']}."


@pytest.mark.parametrize("name", FORMS)
def test_a_form_of_an_issue_is_as_github_takes_it(name: str) -> None:
    form = read_yaml(f".github/ISSUE_TEMPLATE/{name}.yml")
    assert set(form) == {"name", "description", "labels", "body"}
    assert all(isinstance(form[key], str) and form[key] for key in ("name", "description"))
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    names = [part["id"] for part in asked]
    assert names
    assert len(set(names)) == len(names)
    assert any(part.get("validations", {}).get("required") for part in asked)
    for part in form["body"]:
        assert NEEDS[part["type"]] <= set(part["attributes"]), part
        assert set(part) <= {"type", "id", "attributes", "validations"}
        options = part["attributes"].get("options", [])
        texts = [option["label"] if part["type"] == "checkboxes" else option for option in options]
        assert len(set(texts)) == len(texts)


def test_every_form_is_known_here() -> None:
    assert sorted(path.stem for path in (ROOT / ".github" / "ISSUE_TEMPLATE").iterdir()) == sorted(FORMS)


def test_git_runs_the_checks_of_make_lint_on_the_same_versions() -> None:
    config = read_yaml(".pre-commit-config.yaml")
    assert [repo["repo"] for repo in config["repos"]] == ["local"]  # another would bring versions of its own
    hooks = config["repos"][0]["hooks"]
    entries = {hook["id"]: shlex.split(hook["entry"]) for hook in hooks}
    assert all(hook["language"] == "system" for hook in hooks)
    assert all(words[0].startswith(".venv/bin/") for words in entries.values())
    assert entries["ruff"][1:] == ["check", "--force-exclude"]
    assert entries["ruff-format"][1:] == ["format", "--force-exclude"]
    assert entries["mypy"][1:] == ["-m", "mypy"]
    assert {"ruff", "mypy"} <= pinned()
    recipe = lint_recipe()
    for words in entries.values():
        assert f"{words[0]} {words[1]}" in recipe, words


def test_the_container_is_set_up_as_the_readme_says() -> None:
    box = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.search(r"`apt install ([^`]+)`", readme)
    asked = re.search(r"apt-get install -y ([^&]+)$", box["onCreateCommand"])
    assert told
    assert asked
    assert asked[1].split() == told[1].split()
    assert re.fullmatch(r"mcr\.microsoft\.com/devcontainers/base:\w+", box["image"])
    made = re.match(r"make (\S+) && ", box["postCreateCommand"])
    assert made
    subprocess.run(["make", "-n", made[1]], cwd=ROOT, check=True, capture_output=True)
    assert f"make {made[1]}" in PAGE


def test_every_target_of_make_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"(?:^|`)make ([\w./]+)", PAGE, re.MULTILINE))
    assert {".venv/dev", "quick", "test", "lint", "help"} <= named
    for target in named:
        done = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_path_that_the_pages_name_is_there() -> None:
    checked = 0
    for name in ("CONTRIBUTING.md", "SECURITY.md", ".github/pull_request_template.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        spans = re.findall(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|txt|cff|toml))`", text)
        spans += re.findall(r"`[^`\n]* \"?(\w+/[\w/]+\.\w+)[^`\n]*`", text)  # in commands, too
        for span in spans:
            if span.startswith((".venv/", "build/")):
                continue
            checked += 1
            assert (ROOT / span).exists(), f"{name}: {span}"
    assert checked > 15


def blocks(text: str) -> list[str]:
    """Return the blocks of shell commands, without the indentation of the list that they stand in."""
    found = re.findall(r"^( *)```sh\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(rf"^{indent}", "", block, flags=re.MULTILINE) for indent, block in found]


def test_every_block_of_commands_is_well_formed() -> None:
    found = blocks(PAGE)
    assert len(found) >= 2
    assert PAGE.count("```") % 2 == 0
    for block in found:
        done = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        assert all(re.match(r"[\w./-]+ [^<>]+$", line) for line in block.splitlines()), block


def test_a_page_for_contributors_has_nothing_left_to_fill_in() -> None:
    for name in ("CONTRIBUTING.md", "SECURITY.md", "CITATION.cff", ".github/pull_request_template.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"TODO|FIXME|XXX|<your|\bURL-OF|example\.(com|org)", text), name
