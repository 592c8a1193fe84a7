"""One way to list rows: filter, sort, page, export; every state of it is in the address."""

from dataclasses import dataclass

from django.core.paginator import Paginator

PER_PAGE = 50


@dataclass
class Chip:
    """An active filter: what it says, and the address without it."""

    label: str
    value: str
    url: str


def listing(request, rows, filterset_class, table_class, **filter_options):
    """The context of a list page: `filter`, `table`, `page`, `rows` (all that match, in order), `chips`, `is_sorted`.

    An unknown sort is ignored, an impossible page is the nearest one, and a bad filter value is a sentence at its
    field while the other filters hold.
    """
    filterset = filterset_class(request.GET, queryset=rows, request=request, **filter_options)
    found = filterset.qs
    table = table_class(found, order_by=request.GET.get("sort", ()))
    found = table.data.data
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return {
        "filter": filterset,
        "table": table,
        "rows": found,
        "page": page,
        "chips": list(chips(request, filterset)),
        "is_sorted": bool(table.order_by),
    }


def chips(request, filterset):
    """The active filters, each with the address that drops it and starts from the first page again."""
    for name, field in filterset.form.fields.items():
        if name not in filterset.form.cleaned_data or name not in request.GET:
            continue
        value = filterset.form.cleaned_data[name]
        if value in (None, "") or (hasattr(value, "__len__") and not len(value)):
            continue
        left = request.GET.copy()
        left.pop(name)
        left.pop("page", None)
        yield Chip(str(field.label or name), in_words(field, value), f"?{left.urlencode()}")


def in_words(field, value):
    """What was chosen, as the field words it."""
    if hasattr(field, "label_from_instance"):
        chosen = value if hasattr(value, "__iter__") else [value]
        return ", ".join(field.label_from_instance(one) for one in chosen)
    if hasattr(field, "choices"):
        labels = {str(key): str(label) for key, label in field.choices}
        return ", ".join(labels.get(str(one), str(one)) for one in (value if isinstance(value, list) else [value]))
    return f"{value:%d.%m.%Y}" if hasattr(value, "strftime") else str(value)
