"""What the filters of all lists have in common."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters import DateFilter, FilterSet

from tracker.lib.dates import day_from


class DayField(forms.DateField):
    """A day as people write it: 30.06.2026 or 2026-06-30."""

    widget = forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "30.06.2026"})

    def to_python(self, value):
        try:
            return day_from(value)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class DayFilter(DateFilter):
    field_class = DayField


class SearchInput(forms.TextInput):
    input_type = "search"

    def __init__(self, attrs=None):
        super().__init__({"placeholder": _("Number, wording, organisation"), **(attrs or {})})


class ListFilter(FilterSet):
    """A bad value is a sentence at its field while the other filters hold."""

    @property
    def qs(self):
        if not hasattr(self, "_qs"):
            self.form.is_valid()
            self._qs = self.queryset.all()
            for name, value in self.form.cleaned_data.items():
                self._qs = self.filters[name].filter(self._qs, value)
        return self._qs

    @property
    def more_errors(self):
        """Whether a field of the "More" menu has an error, so that it is shown open."""
        return any(not isinstance(self.form.fields[name], forms.ChoiceField) for name in self.form.errors)
