import sys

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.accounts.models import User
from tracker.exchange.applying import apply, require_right
from tracker.exchange.mapping import Mapping
from tracker.exchange.preview import AmendmentGiven, preview
from tracker.exchange.reading import Unusable
from tracker.lib.errors import Refusal
from tracker.lib.planner import look_again

SHOWN = 10
TITLES = {
    "items_created": gettext_lazy("items created"),
    "items_changed": gettext_lazy("items changed"),
    "created": gettext_lazy("milestones created"),
    "changed": gettext_lazy("milestones changed"),
    "moved": gettext_lazy("milestones moved"),
    "unchanged": gettext_lazy("milestones unchanged"),
    "absent": gettext_lazy("milestones absent from the file (kept as they are)"),
    "rejected": gettext_lazy("rows rejected"),
    "repeated": gettext_lazy("rows that repeat another"),
    "noticed": gettext_lazy("remarks"),
}


class Command(BaseCommand):
    help = (
        "Import a signed plan from CSV or XLSX by a mapping file. Run again with a newer file, it shows and applies "
        "what has changed; agreed terms move only under --amendment, absent rows are only listed."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="the plan: CSV in any usual encoding, or XLSX")
        parser.add_argument("--mapping", required=True, help="TOML: which column is what (tracker/exchange/mappings)")
        parser.add_argument("--party", required=True, metavar="CODE", help="whose plan it is: IT, KZ …")
        parser.add_argument("--roadmap", default="", metavar="SLUG", help="instead of the mapping's roadmap")
        parser.add_argument("--dry-run", action="store_true", help="show what would be done, write nothing")
        parser.add_argument("--amendment", metavar='"NUMBER, DATE"', help="the amendment under which terms move")
        parser.add_argument("--by", metavar="EMAIL", help="the administrator in whose name it is recorded")

    def handle(self, *, file, mapping, party, roadmap, dry_run, amendment, by, verbosity, **options):
        try:
            person = self._person(by)
            found = preview(
                file,
                Mapping.load(mapping),
                party=party,
                roadmap=roadmap,
                amendment=AmendmentGiven.read(amendment) if amendment is not None else None,
            )
            require_right(found, person)
            self._print(found, everything=verbosity > 1)
            if not dry_run:
                apply(found, by=person, tick=self._tick if verbosity and sys.stderr.isatty() else lambda *_: None)
                look_again()
        except (Unusable, Refusal) as problem:
            raise CommandError(str(problem)) from None
        self.stdout.write(_("Nothing was written: this was a dry run.") if dry_run else _("Imported."))

    def _person(self, email):
        if not email:
            return None
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise Unusable(_("There is no person with the e-mail %(email)s.") % {"email": email}) from None

    def _print(self, found, *, everything):
        self.stdout.write(
            _("%(file)s (%(how)s), SHA-256 %(digest)s") % {"file": found.file, "how": found.how, "digest": found.digest}
        )
        where = _("roadmap “%(slug)s”") if found.roadmap else _("roadmap “%(slug)s”, new")
        self.stdout.write(where % {"slug": found.slug})
        for kind, title in TITLES.items():
            lines = found.lines[kind]
            if kind == "moved" and found.moves_wait:
                title = _("milestones moved: not applied, a move needs an amendment (--amendment)")
            self.stdout.write(f"{len(lines):>7}  {title}")
            if kind == "unchanged" and not everything:
                continue
            for line in lines if everything else lines[:SHOWN]:
                place = _("row %(row)s") % {"row": line.row} if line.row else _("stored")
                self.stdout.write(f"{'':9}{place}: " + "  ".join(part for part in (line.number, line.what) if part))
            if len(lines) > SHOWN and not everything:
                rest = _("and %(count)s more (--verbosity 2 shows all)") % {"count": len(lines) - SHOWN}
                self.stdout.write(f"{'':9}{rest}")

    def _tick(self, done, total):
        end = "\n" if done >= total else ""
        self.stderr.write(f"\r{done} / {total}", ending=end)
