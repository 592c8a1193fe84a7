from django.core.management import call_command
from django.db import migrations


def vouch(apps, schema_editor):
    """Whoever was entered before addresses were kept apart signs in with the address they have."""
    user, address = apps.get_model("accounts", "User"), apps.get_model("account", "EmailAddress")
    known = set(address.objects.filter(verified=True).values_list("user_id", flat=True))
    address.objects.filter(verified=False, user__in=user.objects.exclude(pk__in=known)).delete()
    address.objects.bulk_create(
        address(user=one, email=one.email.lower(), verified=True, primary=True)
        for one in user.objects.exclude(pk__in=known)
    )


def make_cache(apps, schema_editor):
    """The table in which the limits of attempts are counted; nothing where the cache is elsewhere."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_events"), ("account", "0009_emailaddress_unique_primary_email")]
    operations = [
        migrations.RunPython(vouch, migrations.RunPython.noop),
        migrations.RunPython(make_cache, migrations.RunPython.noop),
    ]
