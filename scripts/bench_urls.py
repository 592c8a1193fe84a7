"""What `make bench` measures the status table against: the same 50 milestones drawn in the usual ways.

* `naive/`: a django-tables2 Table over model objects with its own template, a TemplateColumn for the parties
* `admin/roadmaps/milestone/`: Django's admin with a list_display of the same columns
* `floor/`: one query and a plain string
"""

import django_tables2
from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path

from tracker.roadmaps.models import Milestone

COLUMNS = ("number", "wording", "agreed_text", "term_text", "percent", "execution")
PAGE = 50
PARTIES = "{% for part in record.commitments.all %}{{ part.party.code }}: {{ part.get_execution_display }} {% endfor %}"


class NaiveTable(django_tables2.Table):
    item = django_tables2.Column(accessor="item__wording")
    area = django_tables2.Column(accessor="area__name")
    parties = django_tables2.TemplateColumn(PARTIES)

    class Meta:
        model = Milestone
        template_name = "django_tables2/table.html"
        fields = ("item", *COLUMNS, "parties", "area")


class PlainAdmin(admin.ModelAdmin):
    list_display = COLUMNS
    list_per_page = PAGE

    def has_view_permission(self, request, obj=None):
        return True


reference = admin.AdminSite("reference")
reference.register(Milestone, PlainAdmin)
reference.has_permission = lambda request: request.user.is_active


def milestones(slug):
    return Milestone.objects.filter(roadmap__slug=slug).in_plan_order()


def naive(request, slug):
    table = NaiveTable(milestones(slug))
    django_tables2.RequestConfig(request, paginate={"per_page": PAGE}).configure(table)
    return HttpResponse(table.as_html(request))


def floor(request, slug):
    rows = milestones(slug).values_list(*COLUMNS)[:PAGE]
    return HttpResponse("".join(f"<tr><td>{'</td><td>'.join(map(str, row))}</td></tr>" for row in rows))


urlpatterns = [
    path("bench/<slug:slug>/naive/", naive),
    path("bench/<slug:slug>/floor/", floor),
    path("bench/admin/", reference.urls),
    path("", include("tracker.urls")),
]
