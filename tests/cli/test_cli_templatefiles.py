"""`mailgate template attach | detach | files`, and the files of templates in apply and export (G20)."""

import contextlib
import hashlib
import sqlite3

import clidesk
import pytest
from filekit import PDF, STRANGERS, png


@pytest.fixture(scope="module")
def shared():
    """Set up one installation whose template is nobody's file."""
    with clidesk.desk() as one:
        one.good("template", "put", "plain", "--text", "-", data="Hello.\n")
        yield one


@pytest.fixture
def desk(shared):
    """Give that installation with no files at the template."""
    for file in shared.json("template", "files", "plain"):
        shared.good("template", "detach", "plain", file["name"])
    return shared


def write(desk, name: str, octets: bytes) -> str:
    file = desk.folder / name
    file.write_bytes(octets)
    return str(file)


def blobs(desk) -> set[str]:
    """Return the digests of what lies in the store."""
    return {file.name for file in (desk.folder / "state").rglob("blobs/*/*") if file.is_file()}


def test_a_file_is_kept_and_shown(desk):
    """With its type, its size and its digest; the octets lie in the store."""
    said = desk.good("template", "attach", "plain", write(desk, "terms.pdf", PDF))
    assert said == f"attach terms.pdf to template plain: application/pdf, {len(PDF)} octets\n"
    digest = hashlib.sha256(PDF).hexdigest()
    assert desk.json("template", "files", "plain") == [
        {"name": "terms.pdf", "kind": "application/pdf", "octets": len(PDF), "shown_as": "", "sha256": digest}
    ]
    assert digest in blobs(desk)


def test_an_image_is_shown_by_its_name(desk):
    """`--inline` says how the HTML names it, `--as` what it is called."""
    said = desk.good("template", "attach", "plain", write(desk, "x", png()), "--inline", "--as", "logo.png")
    assert said.endswith(", shown as cid:logo.png\n")
    assert desk.json("template", "files", "plain")[0]["shown_as"] == "cid:logo.png"


def test_the_same_again_changes_nothing_and_another_of_that_name_replaces_it(desk):
    """A file is known by its name."""
    desk.good("template", "attach", "plain", write(desk, "terms.pdf", PDF))
    assert desk.good("template", "attach", "plain", write(desk, "terms.pdf", PDF)) == "nothing to change\n"
    said = desk.good("template", "attach", "plain", write(desk, "terms.pdf", PDF + b"\n"))
    assert said.startswith("attach terms.pdf to template plain (again): ")
    assert [one["octets"] for one in desk.json("template", "files", "plain")] == [len(PDF) + 1]


def test_a_dry_run_keeps_nothing(desk):
    """Neither the row nor the octets."""
    octets = PDF + b"dry"
    said = desk.good("template", "attach", "plain", write(desk, "dry.pdf", octets), "--dry-run")
    assert said.endswith("nothing was changed (--dry-run)\n")
    assert desk.json("template", "files", "plain") == []
    assert hashlib.sha256(octets).hexdigest() not in blobs(desk)


@pytest.mark.parametrize("name", ["setup.exe", "page.html", "all.zip", "macros.docm"])
def test_what_may_not_go_along_is_refused_with_what_it_is(desk, name):
    """Under its own name and under an image's."""
    what, octets = STRANGERS[name]
    for called in (name, "logo.png"):
        said = desk.bad("template", "attach", "plain", write(desk, called, octets))
        assert said.startswith(f"Error: {called} is {what}; what may go along: ")
    assert desk.json("template", "files", "plain") == []


def test_the_eleventh_file_is_refused(desk):
    """Ten of them, and ten images beside."""
    for number in range(10):
        desk.good("template", "attach", "plain", write(desk, f"{number}.png", png(noise=b"%d" % number)))
    said = desk.bad("template", "attach", "plain", write(desk, "more.png", png()))
    assert said == "Error: more.png is one too many: at most 10 files go along\n"
    desk.good("template", "attach", "plain", write(desk, "logo.png", png()), "--inline")


def test_how_large_images_may_be_is_a_setting(desk):
    """The helpdesk says how many MiB go along in the HTML; files have their own bound."""
    large = png(noise=b"x" * 1024 * 1024)
    desk.good("helpdesk", "set", "images_mb", "1")
    said = desk.bad("template", "attach", "plain", write(desk, "large.png", large), "--inline")
    assert said.endswith("octets: at most 1,048,576 go along\n")
    desk.good("template", "attach", "plain", write(desk, "large.png", large))
    desk.good("helpdesk", "set", "images_mb", "200")
    desk.good("template", "attach", "plain", write(desk, "logo.png", large), "--inline")
    assert "from 1 to 200" in desk.bad("helpdesk", "set", "images_mb", "201")


def test_check_finds_images_that_do_not_go_along(desk):
    """What HTML or Markdown names by cid: must be attached with --inline."""
    page = "<img src='cid:logo.png'><img src=\"cid:our%20shop.png\"><p>cid:no.png</p>"
    desk.good("template", "put", "pictures", "--text", "-", data="Hello.\n")
    desk.good("template", "put", "pictures", "--html", "-", data=page)
    desk.good("template", "attach", "pictures", write(desk, "logo.png", png()), "--inline")
    done = desk.run("template", "check", "pictures")
    said = "pictures: html names the image cid:our shop.png, and none of that name goes along\n"
    assert (done.exit_code, done.stdout) == (1, said)
    desk.good("template", "attach", "pictures", write(desk, "our shop.png", png()), "--inline")
    desk.good("template", "check", "pictures")
    desk.good("template", "remove", "pictures")


def test_detach_takes_a_file_away_and_suggests(desk):
    """A name that is not there is answered with the one that is meant perhaps."""
    desk.good("template", "attach", "plain", write(desk, "terms.pdf", PDF))
    said = desk.bad("template", "detach", "plain", "term.pdf")
    assert said == "Error: no file 'term.pdf' goes along with 'plain', did you mean 'terms.pdf'?\n"
    assert desk.good("template", "detach", "plain", "terms.pdf") == "detach terms.pdf from template plain\n"
    assert desk.json("template", "files", "plain") == []


def test_unknown_templates_and_files_are_told(desk):
    """With the sentence that other commands have."""
    assert "there is no template 'plian', did you mean 'plain'?" in desk.bad("template", "files", "plian")
    assert "there is no template 'plian'" in desk.bad(
        "template", "attach", "plian", write(desk, "a.pdf", PDF)
    )
    gone = desk.bad("template", "attach", "plain", str(desk.folder / "gone.pdf"))
    assert gone == f"Error: {desk.folder}/gone.pdf: No such file or directory\n"


def test_who_did_it_stands_in_the_audit(desk):
    """Each file that comes or goes, with the template and its name."""
    desk.good("template", "attach", "plain", write(desk, "audit.pdf", PDF))
    with contextlib.closing(sqlite3.connect(desk.folder / "state" / "mailgate.sqlite")) as connection:
        question = "SELECT who, action, subject, detail FROM audit WHERE detail = 'audit.pdf'"
        rows = connection.execute(question).fetchall()
    assert [(who.startswith("command line ("), *rest) for who, *rest in rows] == [
        (True, "template attach", "plain", "audit.pdf")
    ]


def test_what_came_from_a_file_is_changed_there(desk):
    """Or taken over, and then it is the database's."""
    file = write(desk, "terms.pdf", PDF)
    assert "comes from" in desk.bad("template", "attach", "received", file)
    desk.good("template", "attach", "received", file, "--take-over")
    assert desk.json("template", "show", "received")["file"] == ""
    desk.good("template", "detach", "received", "terms.pdf")


def test_a_template_that_goes_takes_its_files_along(desk):
    """A new one of that name begins without."""
    desk.good("template", "put", "gone", "--text", "-", data="Hello.\n")
    desk.good("template", "attach", "gone", write(desk, "terms.pdf", PDF))
    desk.good("template", "remove", "gone")
    desk.good("template", "put", "gone", "--text", "-", data="Hello.\n")
    assert desk.json("template", "files", "gone") == []


TEXT = """
[[template]]
name = "along"
text = "Hello."
html = "<img src='cid:logo.png'>"
files = ["files/terms.pdf"]
images = ["files/logo.png"]
"""


def test_apply_and_export_carry_files(tmp_path):
    """Relative to the text; a second time nothing changes; what is exported can be applied elsewhere."""
    with clidesk.desk() as desk:
        (desk.business / "files").mkdir()
        write(desk, "business/files/terms.pdf", PDF)
        write(desk, "business/files/logo.png", png())
        (desk.business / "more.toml").write_text(TEXT)
        said = desk.good("apply", str(desk.business), "--dry-run")
        assert "attach terms.pdf to template along: application/pdf" in said
        assert blobs(desk) == set()
        said = desk.good("apply", str(desk.business))
        assert said.endswith(", shown as cid:logo.png\n3 changes\n")
        assert desk.good("apply", str(desk.business)) == "0 changes\n"
        found = desk.json("template", "files", "along")
        assert [(one["name"], one["shown_as"]) for one in found] == [
            ("logo.png", "cid:logo.png"),
            ("terms.pdf", ""),
        ]
        said = desk.good("export", str(tmp_path / "out"))
        assert said.startswith(f"{tmp_path / 'out'}: ")
        assert ", 2 templates, 1 script" in said
        assert (tmp_path / "out/files/along/terms.pdf").read_bytes() == PDF
        with clidesk.desk() as other:
            other.good("apply", str(tmp_path / "out"))
            assert other.json("template", "files", "along") == found
        (desk.business / "more.toml").write_text(TEXT.replace('files = ["files/terms.pdf"]\n', ""))
        assert desk.good("apply", str(desk.business)) == "detach terms.pdf from template along\n1 change\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('files = ["gone.pdf"]', "gone.pdf: No such file or directory"),
        ('files = ["setup.png"]', "setup.png is a Windows program; what may go along: "),
        ('images = ["terms.pdf"]', "terms.pdf is a PDF document; only images can be shown in a text"),
        (
            'files = ["terms.pdf", "x/terms.pdf"]',
            "terms.pdf stands there twice: each file has a name of its own",
        ),
    ],
)
def test_apply_tells_what_is_wrong_with_its_place(shared, line, said):
    """File, line and key, exit code 78, and nothing is changed."""
    folder = shared.folder / "wrong"
    (folder / "x").mkdir(parents=True, exist_ok=True)
    for name in ("terms.pdf", "x/terms.pdf"):
        (folder / name).write_bytes(PDF)
    (folder / "setup.png").write_bytes(STRANGERS["setup.exe"][1])
    (folder / "w.toml").write_text(f'[[template]]\nname = "wrong"\ntext = "Hello."\n{line}\n')
    done = shared.run("apply", str(folder))
    assert done.exit_code == 78
    assert f"w.toml:4: template[1].{line.split(' ')[0]}: " in done.output
    assert said in done.output
    assert "wrong" not in shared.names("template")
