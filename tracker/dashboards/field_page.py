"""The values that one field of an object has had, and what putting an earlier one back would do."""

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.http import Http404
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.history.admin import VersionField, since
from tracker.history.changes import pending
from tracker.history.rehearsal import rehearse
from tracker.history.restoring import held_up, reason_of, restore
from tracker.history.timeline import told_columns
from tracker.history.values import values_of
from tracker.lib.dates import short
from tracker.lib.errors import NotAllowed, WrongState
from tracker.roadmaps.access import REFUSALS, is_administrator, whom_to_ask

from .change_set import page_of, touched_by


def column_of(model, name):
    """The column of that name, if it is told of."""
    try:
        column = model._meta.get_field(name)
    except FieldDoesNotExist:
        column = None
    if column not in told_columns(model):
        raise Http404
    return column


def field_page(request, row, column):
    """The context of the page: the values, and whether an earlier one may be put back."""
    is_offered = request.is_live and is_administrator(request.user)
    held = held_up(row, column, by=request.user) if is_offered else ""
    return {
        "label": capfirst(column.verbose_name),
        "values": values_of(type(row), row.pk, column),
        "held": held,
        "may_restore": is_offered and not held,
    }


def require_restorable(request, row, column):
    if not request.is_live:
        raise WrongState(_("A past day can only be read."))
    if not is_administrator(request.user):
        raise NotAllowed(REFUSALS["plan"], ask=whom_to_ask("plan"))
    if held := held_up(row, column, by=request.user):
        raise WrongState(held)


class RestoreForm(forms.Form):
    """An earlier value, put back only over the version of the row that was looked at."""

    read_version = VersionField()
    change_reason = forms.CharField(
        label=gettext_lazy("Reason of the change"),
        required=False,
        max_length=900,
        help_text=gettext_lazy("Stands in the history with your name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    is_stale = False

    def __init__(self, *args, row, column, earlier, **options):
        super().__init__(*args, initial={"read_version": row.version}, **options)
        self.row, self.column = row, column
        self.value = getattr(earlier, column.attname)
        self.day = short(timezone.localtime(earlier.history_date))

    @property
    def is_vain(self):
        """Whether the value stands already: the button was pressed twice."""
        return self.value == getattr(self.row, self.column.attname)

    def clean(self):
        read = self.cleaned_data.get("read_version")
        if read is not None and read != self.row.version:
            self.is_stale = True
            self.data = self.data.copy()
            self.data["read_version"] = self.row.version
            raise forms.ValidationError(
                [_("This was saved after you opened it. Look again at what changes."), *since(self.row, read)]
            )

    def restore(self, *, by):
        """Put the value back; returns what stands in the history."""
        reason = reason_of(self.day, self.cleaned_data["change_reason"])
        restore(self.row, self.column, self.value, by=by, reason=reason)
        return reason

    def preview(self, *, by):
        """What would change, row by row, in sentences."""

        def deed():
            restore(type(self.row).objects.get(pk=self.row.pk), self.column, self.value, by=by, reason="")
            done = pending().stored()
            return page_of(touched_by(done).rows, done, 1).told

        return rehearse(deed)[0]
