"""Sealing: what the plan says from a standpoint becomes an edition, for good."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from tracker.history.anchors import anchor, not_anchored
from tracker.jobs.running import running
from tracker.lib.texts import Texts
from tracker.progress.status import counts, rules_version
from tracker.roadmaps import access
from tracker.roadmaps.models import Milestone, Roadmap

from .contents import contents, in_parts, roadmap_then
from .models import Edition, digest_of, told

AT_ONCE = 500  # milestones sealed while the person waits: about two seconds
ANCHORED_AT_ONCE = 20_000  # and rows of history


@dataclass
class Order:
    """What is to be sealed: of a roadmap, judged on a day by what was known by a moment; `areas` None are all."""

    roadmap: Roadmap
    title: Texts
    judged_on: date
    known_by: datetime
    areas: list | None = None
    reason: str = ""
    corrects: Edition | None = None

    @property
    def standpoint(self):
        return self.roadmap.standpoint(self.judged_on, self.known_by)

    def milestones(self):
        """Those that it would show, to be read from its standpoint."""
        found = Milestone.objects.filter(roadmap=self.roadmap)
        return found if self.areas is None else found.filter(area__in=self.areas)

    def seal(self, *, by, at=None, slices=in_parts):
        """The edition of this order. `at` dates the seal (the sample programme); `slices` as in `contents`."""
        self.require(by)
        texts, data = contents(self.roadmap, self.standpoint, areas=self.areas, slices=slices)
        last = anchor()
        edition = Edition(
            roadmap=self.roadmap,
            title=self.title,
            judged_on=self.judged_on,
            known_by=self.known_by,
            is_whole=self.areas is None,
            sealed_at=at or timezone.now(),
            sealed_by=by,
            sealed_by_name=str(by)[:300],
            reason=self.reason.strip(),
            corrects=self.corrects,
            rules_version=rules_version(),
            contents=digest_of([*told(texts, data), b"}"]),
            anchor=last.sha256 if last else "",
            data=data,
        )
        return edition.add(texts)

    def require(self, by):
        """Raise NotAllowed, ValidationError or WrongState unless this person may have this sealed now."""
        for area in [None] if self.areas is None else self.areas:
            access.require(by, "seal", access.Part(self.roadmap.pk, area))
        if self.judged_on > self.roadmap.today():
            raise ValidationError({"judged_on": _("Give a day that is not in the future.")})
        if self.known_by > timezone.now():
            raise ValidationError({"known_by": _("Give a moment that is not in the future.")})
        if self.corrects:
            self.corrects.require_uncorrected()
            if not self.reason.strip():
                raise ValidationError({"reason": _("Say what the correction puts right.")})

    def preview(self):
        """[(area, {Timeliness: number of milestones})] of what it would show."""
        with self.standpoint.read():
            by_area = counts(self.milestones(), on=self.judged_on, by=("area",))
            _then, areas = roadmap_then(self.roadmap, self.areas)
        return [(area, by_area.get((area.pk,), {})) for area in areas]

    def is_long(self):
        """Whether nobody should wait for it."""
        with self.standpoint.read():
            size = self.milestones().count()
        return size > AT_ONCE or not_anchored() > ANCHORED_AT_ONCE

    def packed(self):
        """The order as the arguments of a job."""
        return {
            "roadmap": self.roadmap.pk,
            "title": self.title,
            "judged_on": self.judged_on.isoformat(),
            "known_by": self.known_by.isoformat(),
            "areas": self.areas,
            "reason": self.reason,
            "corrects": self.corrects and self.corrects.place,
        }

    @classmethod
    def unpacked(cls, arguments):
        place = arguments["corrects"]
        return cls(
            **arguments
            | {
                "roadmap": Roadmap.objects.get(pk=arguments["roadmap"]),
                "title": Texts(arguments["title"]),
                "judged_on": date.fromisoformat(arguments["judged_on"]),
                "known_by": datetime.fromisoformat(arguments["known_by"]),
                "corrects": place and Edition.objects.get(place=place),
            }
        )


@task
def seal_in_background(job_id):
    with running(job_id) as work:
        order = Order.unpacked(work.job.arguments)
        edition = order.seal(by=work.job.person, slices=work.slices)
        words = _("Sealed as edition No. %(number)s.") % {"number": edition.number}
        work.result = {"words": words, "url": edition.get_absolute_url()}
