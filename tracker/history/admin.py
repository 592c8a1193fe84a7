"""The administration of tracked records.

One request is one change set with its person and reason. A row is saved only over the version that was read, and a
refusal becomes a sentence at the form, with what was typed kept.
"""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AutocompleteSelect, RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.db.models import ProtectedError, Q
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracker.lib.errors import Refusal
from tracker.lib.texts import Texts, fold, search_words

from .changes import change_set
from .models import ChangeSet, Tracked
from .timeline import timeline

TOLD = 200  # changes on a history page
REASON, READ = "change_reason", "read_version"


class VersionField(forms.IntegerField):
    """The version that was read; never typed, so never a change."""

    widget = forms.HiddenInput

    def has_changed(self, initial, data):
        return False


class TrackedForm(forms.ModelForm):
    """Refuses to write over a version that was not read; saving again is then deliberate."""

    read_version = VersionField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial[READ] = getattr(self.instance, "version", None)

    @property
    def typed(self):
        """The names of the fields of the row in which something else was typed than what is stored."""
        return set(self.changed_data) - {REASON}

    def clean(self):
        super().clean()
        read, stored = self.cleaned_data.get(READ), getattr(self.instance, "version", None)
        if self.instance.pk and self.typed and read != stored:
            self.data = self.data.copy()
            self.data[self.add_prefix(READ)] = stored
            raise ValidationError([stale(), *since(self.instance, read or 0), keep_or_replace()])


class ReasonedForm(TrackedForm):
    """The form of a page: with the reason of the change; `refusal` is what a verb has just answered."""

    refusal = None
    change_reason = forms.CharField(
        label=gettext_lazy("Reason of this change"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text=gettext_lazy("Stands in the history beside your name."),
    )

    def clean(self):
        super().clean()
        if self.refusal is not None:
            raise ValidationError(in_words(self.refusal))


class ReasonedActions(ActionForm):
    change_reason = forms.CharField(label=gettext_lazy("Reason:"), required=False, max_length=1000)


def stale():
    return _("This was saved after you opened it. What you typed is kept below, but nothing of it is saved yet.")


def keep_or_replace():
    return _("Save again to put what stands below in its place, or open the page anew to start from what is stored.")


def since(row, read):
    """What has been changed since the version that was read, in sentences with person and time."""
    sets = set(row.history.filter(version__gt=read).values_list("change_set", flat=True))
    return [
        _("%(person)s, %(at)s: %(sentence)s")
        % {
            "person": change.change_set.person or change.change_set.get_source_display(),
            "at": date_format(timezone.localtime(change.change_set.at), "d.m.Y H:i"),
            "sentence": sentence,
        }
        for change in timeline((type(row), [row.pk]))
        if change.change_set.pk in sets
        for sentence in change.sentences()
    ]


def in_words(refusal):
    """The sentences of a refused verb."""
    if isinstance(refusal, ValidationError):
        return refusal.messages
    if isinstance(refusal, ProtectedError):
        names = ", ".join(str(row) for row in list(refusal.protected_objects)[:5])
        return [_("It is still needed by: %(names)s.") % {"names": names}]
    return [str(refusal)]


def texts_column(model, name):
    """A column of a list: the text in the reader's language, where Django would show all of them as JSON."""

    def column(row):
        return str(getattr(row, name)) or None

    column.short_description = model._meta.get_field(name).verbose_name
    return column


def is_value_of(field, text):
    """Whether the field could have it: an id that somebody has made up is looked for nowhere."""
    try:
        field.clean(text, None)
    except ValidationError:
        return False
    return True


class SearchedChoice(AutocompleteSelect):
    """Shows anew what was chosen, where Django's stumbles over a made-up id."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [one for one in value if is_value_of(self.field.target_field, one)], attr)


class ChoicesOnly:
    """No links to add or change what stands in a choice: that is done on pages of its own, with its own reason."""

    def formfield_for_foreignkey(self, db_field, request, **options):
        if db_field.name in self.get_autocomplete_fields(request):
            options["widget"] = SearchedChoice(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **options)

    def formfield_for_dbfield(self, db_field, request, **options):
        field = super().formfield_for_dbfield(db_field, request, **options)
        if isinstance(getattr(field, "widget", None), RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class TrackedAdmin(ChoicesOnly, admin.ModelAdmin):
    """The base of every page of the administration, list or form."""

    form = ReasonedForm
    action_form = ReasonedActions
    object_history_template = "admin/history.html"
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    fixed = ()  # fields that are chosen once, when the row is entered

    # Forms

    def get_fieldsets(self, request, obj=None):
        fieldsets = super().get_fieldsets(request, obj)
        if not (self.has_change_permission(request, obj) if obj else self.has_add_permission(request)):
            return fieldsets
        version = [READ] if obj is not None and isinstance(obj, Tracked) else []
        return [*fieldsets, (None, {"fields": [REASON, *version], "classes": ["reason"]})]

    def get_form(self, request, obj=None, change=False, **options):
        form = super().get_form(request, obj, change=change, **options)
        form.refusal = getattr(request, "refusal", None)
        for name in self.fixed if obj else ():
            if name in form.base_fields:  # disabled, not read-only: so that rules about it are still checked
                form.base_fields[name].disabled = True
        return form

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        try:
            with self.changing(request):
                return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            request.refusal = ValidationError(_("Something exactly like it is there already. Nothing was saved."))
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refusal, ValidationError, ProtectedError) as refusal:
            request.refusal = refusal  # everything is rolled back: the same form again, with the answer
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changing(self, request):
        """The change set of this request."""
        reason = request.POST.get(REASON, "").strip()
        return change_set(by=request.user, reason=reason, source=ChangeSet.Source.ADMIN)

    def save_model(self, request, obj, form, change):
        if not change or form.typed:
            super().save_model(request, obj, form, change)

    # Django's own log stays empty: history is the one record of what happened.

    def construct_change_message(self, request, form, formsets, add=False):
        return ""

    def log_addition(self, request, obj, message):
        """See history."""

    def log_change(self, request, obj, message):
        """See history."""

    def log_deletions(self, request, queryset):
        """See history."""

    # Deletion

    def has_delete_permission(self, request, obj=None):
        return obj is not None and super().has_delete_permission(request, obj) and self.is_deletable(obj)

    def is_deletable(self, obj):
        """Whether it may be deleted at all: nothing is, unless its page says when (domain.md §8)."""
        return False

    def delete_view(self, request, object_id, extra_context=None):
        if request.method != "POST":
            return super().delete_view(request, object_id, extra_context)
        try:
            with self.changing(request):
                return super().delete_view(request, object_id, extra_context)
        except (Refusal, ProtectedError) as refusal:
            for sentence in in_words(refusal):
                messages.error(request, sentence)
            return HttpResponseRedirect(self.address("change", object_id))

    def address(self, page, *args):
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    # Actions

    def response_action(self, request, queryset):
        if not all(is_value_of(self.opts.pk, chosen) for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            messages.error(request, _("What was chosen is not in this list. Choose again."))
            return HttpResponseRedirect(request.get_full_path())
        with self.changing(request):
            return super().response_action(request, queryset)

    def do(self, request, rows, verb, done):
        """The verb on each row: `done` words the number that succeeded, the rest is said row by row."""
        count = 0
        for row in rows:
            try:
                with change_set():
                    verb(row)
            except (Refusal, ValidationError, ProtectedError) as refusal:
                messages.warning(request, f"{row}: {' '.join(in_words(refusal))}")
            else:
                count += 1
        if count:
            messages.success(request, done(count))

    # History

    def history_view(self, request, object_id, extra_context=None):
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "subtitle": str(obj),
            "changes": self.told(obj),
            "object": obj,
            "opts": self.opts,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.object_history_template, context)

    def told(self, obj):
        """What changed."""
        return timeline(*self.rows_of(obj), limit=TOLD)

    def rows_of(self, obj):
        """The row and the rows that are edited on its page, those removed since included, as (model, ids)."""
        rows = [(type(obj), [obj.pk])] if isinstance(obj, Tracked) else []
        for inline in self.inlines:
            if issubclass(inline.model, Tracked):
                link = next(f for f in inline.model._meta.concrete_fields if f.related_model is self.model)
                versions = inline.model.history.filter(**{link.attname: obj.pk})
                rows.append((inline.model, list(versions.values_list("id", flat=True).distinct())))
        return rows

    # Search

    def get_search_results(self, request, queryset, search_term):
        """Blind to letter case, ё/е and spacing: in the folded column, or row by row in the tables that have none."""
        words, paths = search_words(search_term), self.get_search_fields(request)
        if all(path.split("__")[-1] == "search" for path in paths):
            for word in words:
                queryset = queryset.filter(Q.create([(f"{path}__contains", word) for path in paths], Q.OR))
            return queryset, False
        if words:
            found = [pk for pk, *values in queryset.values_list("pk", *paths) if matches(words, values)]
            queryset = queryset.filter(pk__in=found)
        return queryset, False


def matches(words, values):
    texts = [text for value in values for text in (value.all() if isinstance(value, Texts) else [value])]
    folded = fold(*texts)
    return all(word in folded for word in words)


class ReadOnlyAdmin(TrackedAdmin):
    """To be looked at: what stands here is changed by verbs on other pages."""

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class TrackedInline(ChoicesOnly, admin.options.InlineModelAdmin):
    """Rows edited on another's page, each with the version that was read."""

    form = TrackedForm
    extra = 0

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return [*fields, READ] if self.has_change_permission(request, obj) else fields

    def has_delete_permission(self, request, obj=None):
        """As its page: rows go only where the whole may go."""
        page = self.admin_site.get_model_admin(self.parent_model)
        return obj is not None and page.has_delete_permission(request, obj)


class TrackedTable(TrackedInline, admin.TabularInline):
    pass


class TrackedStack(TrackedInline, admin.StackedInline):
    pass


class ReadOnlyTable(admin.TabularInline):
    extra = 0
    can_delete = False
    view_on_site = False

    def get_readonly_fields(self, request, obj=None):
        return self.fields

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False
