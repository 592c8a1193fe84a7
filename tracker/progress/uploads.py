"""What may be attached as evidence: decided by the content, never by the name or by what the browser says.

Office files are zip archives: they are looked at through their directory, without unpacking, and refused when they
would expand beyond measure or carry macros.
"""

import re
import unicodedata
import zipfile
from codecs import getincrementaldecoder
from pathlib import PurePosixPath

import filetype
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

OOXML = "application/vnd.openxmlformats-officedocument."
EXTENSIONS = {
    "application/pdf": {"pdf"},
    "image/jpeg": {"jpg", "jpeg"},
    "image/png": {"png"},
    OOXML + "wordprocessingml.document": {"docx"},
    OOXML + "spreadsheetml.sheet": {"xlsx"},
    OOXML + "presentationml.presentation": {"pptx"},
    "application/vnd.oasis.opendocument.text": {"odt"},
    "application/vnd.oasis.opendocument.spreadsheet": {"ods"},
    "text/plain": {"txt"},
    "text/csv": {"csv"},
}
PLAIN = ("application/pdf", "image/jpeg", "image/png")  # recognised by their first bytes alone
OFFICE = [kind for kind in EXTENSIONS if kind.startswith(("application/vnd.", OOXML))]
ACCEPTED = _("PDF, JPEG, PNG, Word, Excel, PowerPoint, OpenDocument, plain text or CSV")

HEAD = 8192
MEMBERS = 2000  # of an office file
EXPANDED = 200 * 1024 * 1024
RATIO = 200  # plain XML rarely shrinks below 1 : 50
SMALL = 1024 * 1024  # what expands to less than this may be packed as tightly as it likes
NAMES = 1024 * 1024  # of a member that names the content: far more than any real one

MACROS = re.compile(r"vbaproject|vbadata|macrosheets?/|activex/|^basic/|^scripts/", re.IGNORECASE)
MARKUP = re.compile(r"<\s*(?:!doctype|html|head|body|script|svg|iframe|\?xml|\?php|%)|^#!", re.IGNORECASE)
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


class Refused(ValidationError):
    """An upload that is not taken, with the reason in words."""


def check_upload(upload):
    """The content type of an uploaded file that may be kept; raises Refused otherwise. Tidies its name."""
    if upload.size > settings.UPLOAD_LIMIT:
        raise Refused(
            _("The file is %(size)s; the limit is %(limit)s. Attach an address, or a smaller file.")
            % {"size": filesizeformat(upload.size), "limit": filesizeformat(settings.UPLOAD_LIMIT)}
        )
    if not upload.size:
        raise Refused(_("The file is empty."))
    upload.name = tidy_name(upload.name)
    extension = PurePosixPath(upload.name).suffix.lower().lstrip(".")
    content_type = content_type_of(upload, extension)
    upload.seek(0)
    if extension not in EXTENSIONS[content_type]:
        raise Refused(
            _("The name ends in “.%(extension)s”, but the content is %(kind)s. Attach the original file.")
            % {"extension": extension[:20], "kind": "/".join(sorted(EXTENSIONS[content_type])).upper()}
        )
    return content_type


def tidy_name(name):
    """The given name without what could mislead a reader: control marks, and marks that turn the direction of text."""
    kept = "".join(c for c in name if c.isspace() or (unicodedata.category(c)[0] != "C" and c not in '\\/"'))
    kept = " ".join(kept.split())[-200:]
    return kept if kept.strip(".") else "file"


def content_type_of(upload, extension):
    upload.seek(0)
    head = upload.read(HEAD)
    guess = filetype.guess_mime(head)
    if guess in PLAIN:
        return guess
    if head.startswith(b"PK"):
        return office_type(upload)
    if guess is None and extension in ("txt", "csv") and is_text(upload):
        return "text/csv" if extension == "csv" else "text/plain"
    raise Refused(_("This kind of file is not accepted. Attach %(kinds)s.") % {"kinds": ACCEPTED})


def office_type(upload):
    """The kind of office document that a zip archive is; refuses every other archive."""
    upload.seek(0)
    try:
        with zipfile.ZipFile(upload) as archive:
            members = archive.infolist()
            refuse_expansion(members)
            names = {member.filename for member in members}
            if any(MACROS.search(name) for name in names):
                raise Refused(_("The file contains macros. Save it without them, or as PDF."))
            kind = stated_type(archive, names)
    except Refused:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise Refused(_("The file is damaged or protected by a password. Attach one that opens.")) from error
    except Exception as error:  # zlib.error and its like: whatever a forged archive makes the library raise
        raise Refused(_("The file is damaged or protected by a password. Attach one that opens.")) from error
    if kind is None:
        raise Refused(_("Archives are not accepted: attach the documents themselves."))
    return kind


def refuse_expansion(members):
    """Refuse an archive whose directory promises too many members, or too much of them."""
    packed = sum(member.compress_size for member in members)
    expanded = sum(member.file_size for member in members)
    if (
        len(members) > MEMBERS
        or expanded > EXPANDED
        or (expanded > SMALL and expanded > RATIO * max(packed, 1))
        or any(
            member.file_size > SMALL and member.file_size > RATIO * max(member.compress_size, 1) for member in members
        )
    ):
        raise Refused(_("The file would expand to %(size)s. Attach it as PDF.") % {"size": filesizeformat(expanded)})


def stated_type(archive, names):
    """The content type that an office archive states of itself, if it is one of ours."""
    if "mimetype" in names:
        stated = read_start(archive, "mimetype").decode("ascii", "replace").strip()
        return stated if stated in OFFICE and "content.xml" in names else None
    if "[Content_Types].xml" in names:
        stated = read_start(archive, "[Content_Types].xml").decode("utf-8", "replace")
        if "macroenabled" in stated.lower():
            raise Refused(_("The file contains macros. Save it without them, or as PDF."))
        return next((kind for kind in OFFICE if f'"{kind}.main+xml"' in stated), None)
    return None


def read_start(archive, name):
    with archive.open(name) as member:
        return member.read(NAMES)


def is_text(upload):
    """Whether it is readable UTF-8 and no markup or program in disguise."""
    decoder = getincrementaldecoder("utf-8-sig")()
    upload.seek(0)
    start = ""
    try:
        for chunk in upload.chunks():
            text = decoder.decode(chunk)
            if CONTROL.search(text):
                raise Refused(_("The text contains characters that are not text."))
            start = start or text[:HEAD]
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Refused(_("The text is not in UTF-8. Save it as UTF-8 and attach it again.")) from error
    if MARKUP.search(start):
        raise Refused(_("Web pages and programs are not accepted. Attach the document as PDF."))
    return True
