"""The six parties and the seven priority areas (domain.md §1), each with its first version."""

from datetime import UTC, datetime

from django.db import migrations

ENTERED = datetime(2000, 1, 1, tzinfo=UTC)  # before any day that a page may look at

AREAS = [
    ("trade", "Торговля и экономика", "Trade and economics"),
    ("energy", "Энергетика", "Energy"),
    ("transport", "Транспорт", "Transport"),
    (
        "health",
        "Здравоохранение и санитарно-эпидемиологическое благополучие",
        "Health and sanitary-epidemiological well-being",
    ),
    ("culture", "Культурно-гуманитарное сотрудничество", "Culture and humanitarian cooperation"),
    ("environment", "Охрана окружающей среды", "Environment"),
    ("migration", "Миграция", "Migration"),
]

# The order of the Russian alphabet of the official names, as in the 2020 Statement (facts.md)
PARTIES = [
    ("KZ", "Казахстан", "Kazakhstan", "Республика Казахстан", "Republic of Kazakhstan"),
    ("KG", "Кыргызстан", "Kyrgyzstan", "Кыргызская Республика", "Kyrgyz Republic"),
    ("RU", "Россия", "Russia", "Российская Федерация", "Russian Federation"),
    ("TJ", "Таджикистан", "Tajikistan", "Республика Таджикистан", "Republic of Tajikistan"),
    ("TM", "Туркменистан", "Turkmenistan", "Туркменистан", "Turkmenistan"),
    ("UZ", "Узбекистан", "Uzbekistan", "Республика Узбекистан", "Republic of Uzbekistan"),
]


def enter(apps, schema_editor):
    change_set = apps.get_model("history", "ChangeSet").objects.create(at=ENTERED, source="command")

    def keep(model, /, **columns):
        row = apps.get_model("roadmaps", model).objects.create(**columns)
        apps.get_model("roadmaps", f"Historical{model}").objects.create(
            id=row.pk, version=1, history_date=ENTERED, history_type="+", change_set=change_set, **columns
        )

    for position, (code, ru, en) in enumerate(AREAS, 1):
        keep("PriorityArea", code=code, name={"ru": ru, "en": en}, position=position)
    for position, (code, ru, en, official_ru, official_en) in enumerate(PARTIES, 1):
        keep(
            "Party",
            code=code,
            name={"ru": ru, "en": en},
            official_name={"ru": official_ru, "en": official_en},
            position=position,
        )


class Migration(migrations.Migration):
    dependencies = [("roadmaps", "0001_initial"), ("history", "0001_initial")]
    operations = [migrations.RunPython(enter, migrations.RunPython.noop)]
