from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('jobs', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='job',
            name='seen_at',
            field=models.DateTimeField(null=True, verbose_name='last heard of at'),
        ),
    ]
