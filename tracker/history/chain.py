"""Chains of digests: rows that are only ever added, each with its own digest and that of the one before it.

A link that is changed no longer has its digest, one taken out leaves a gap, and one taken off the end is missed by the
chain's own row (`Chain`). `broken()` tells; `manage.py verify` asks.
"""

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction

from tracker.lib.canonical import canonical, digest

from .only_added import OnlyAdded, OnlyAddedQuerySet
from .statements import as_stored

ONE_BY_ONE = "links are added to a chain one by one: use add()"


class Chain(models.Model):
    """How many links a chain has and the digest of the last one."""

    name = models.CharField(max_length=60, primary_key=True)
    length = models.PositiveIntegerField(default=0)
    last = models.CharField(max_length=64, blank=True)

    def __str__(self):
        return f"{self.name}: {self.length}"


class LinkQuerySet(OnlyAddedQuerySet):
    def last_added(self):
        return self.order_by("-place").first()

    def bulk_create(self, *args, **options):
        raise NotImplementedError(ONE_BY_ONE)


class Link(OnlyAdded):
    """A row of a chain. `sealed` names the columns that its digest covers: all but the digest itself."""

    sealed = ()

    place = models.PositiveIntegerField(primary_key=True, editable=False)
    previous = models.CharField(max_length=64, blank=True, editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True, editable=False)

    objects = LinkQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args, **options):
        raise NotImplementedError(ONE_BY_ONE)

    def add(self):
        """Become the last link of the chain; returns it, or the one that said the same before.

        Who adds at the same moment waits, and comes after.
        """
        with transaction.atomic():
            Chain.objects.get_or_create(name=self._meta.label)
            chain = Chain.objects.select_for_update().get(name=self._meta.label)
            if same := self.same():
                return same
            self.place, self.previous = chain.length + 1, chain.last
            self.take_place()
            self.sha256 = self.digest()
            models.Model.save(self, force_insert=True)
            chain.length, chain.last = self.place, self.sha256
            chain.save()
        return self

    def same(self):
        """The link that says the same already, where saying it again would be a mistake."""

    def take_place(self):
        """Fill what follows from the place in the chain; it may be refused here."""

    def columns(self):
        """What the digest covers."""
        return {name: getattr(self, self._meta.get_field(name).attname) for name in self.sealed}

    def digest(self):
        return digest(canonical(self.columns()))

    @classmethod
    def broken(cls):
        """Sentences about links that are not as they were added, or not there."""
        name, previous = cls._meta.verbose_name, ""
        for expected, place in enumerate(cls.objects.order_by("place").values_list("place", flat=True), 1):
            if place != expected:
                yield f"{name} {expected}: is missing"
                return
            try:
                link = cls.objects.get(place=place)
                is_whole = link.is_as_written() and link.sha256 == link.digest()
            except (ValueError, TypeError, ValidationError, cls.DoesNotExist) as error:
                yield f"{name} {place}: cannot be read ({error})"
                return
            if not is_whole:
                yield f"{name} {place}: differs from its digest"
            if link.previous != previous:
                yield f"{name} {place}: does not name the digest of the one before it"
            previous = link.sha256
        with transaction.atomic():  # while nobody adds one
            chain = Chain.objects.select_for_update().filter(name=cls._meta.label).first() or Chain()
            last, length = cls.objects.last_added(), cls.objects.count()
        if (chain.length, chain.last) != (length, last.sha256 if last else ""):
            yield f"{name}: the chain has {length} links, and should have {chain.length} that end with its digest"

    def is_as_written(self):
        """Whether each column is spelled as Django writes it: SQLite would take the same moment in other letters."""
        if connection.vendor != "sqlite":
            return True
        fields = self._meta.concrete_fields
        names = ", ".join(as_stored(field.column) for field in fields)
        with connection.cursor() as cursor:
            cursor.execute(f'SELECT {names} FROM "{self._meta.db_table}" WHERE "place" = %s', [self.place])
            stored = cursor.fetchone()
        return list(stored) == [f.get_db_prep_save(getattr(self, f.attname), connection) for f in fields]


class Anchor(Link):
    """A digest of the history up to a moment: `covers` says of which rows (history/anchors.py)."""

    sealed = ("place", "previous", "at", "covers")

    at = models.DateTimeField()
    covers = models.TextField()

    class Meta:
        verbose_name = "anchor"

    def __str__(self):
        return f"{self.place}, {self.at:%d.%m.%Y %H:%M}: {self.sha256}"
