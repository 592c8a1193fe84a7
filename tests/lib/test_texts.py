from django.test import SimpleTestCase
from django.utils.translation import override

from tracker.lib.ordering import number_key
from tracker.lib.texts import Texts, TextsFormField, TextsInput, fold


class TextsTest(SimpleTestCase):
    def test_the_readers_language_else_the_nearest(self):
        text = Texts(ru="Мост", en="Bridge")
        with override("en"):
            self.assertEqual(str(text), "Bridge")
        with override("kk"):
            self.assertEqual(text.spoken(), ("Мост", "ru"))
        self.assertEqual(Texts(it="Ponte").spoken("en"), ("Ponte", "it"))
        self.assertFalse(Texts(ru=""))

    def test_a_translation_is_stale_when_its_original_changed(self):
        text = Texts(ru="Мост", en="Bridge")
        text.mark("ru")
        self.assertFalse(text.is_stale("en", "ru"))
        text["ru"] = "Мост через реку"
        text.mark("ru")
        self.assertTrue(text.is_stale("en", "ru"))
        text["en"] = "Bridge over the river"
        text.mark("ru")
        self.assertFalse(text.is_stale("en", "ru"))

    def test_the_form_keeps_every_language_and_the_marks(self):
        widget, field = TextsInput(), TextsFormField()
        text = Texts({"ru": "Мост", "it": "Ponte", "~it": "a:b"})
        html = widget.render("name", text)
        for part in ('name="name:ru"', 'name="name:en"', 'name="name:it"', 'name="name:~it"'):
            self.assertIn(part, html)
        data = {"name:ru": " Мост ", "name:en": "", "name:it": "Ponte", "name:~it": "a:b"}
        self.assertEqual(field.clean(widget.value_from_datadict(data, {}, "name")), text)

    def test_folding(self):
        self.assertEqual(fold("  ЁЛКА  и\u00a0Йод ", None, "№ 5"), "елка и йод no 5")

    def test_numbers_in_order(self):
        numbers = ["10.1", "2.10", "2.9", "M1C1-10", "M1C1-9", ""]
        self.assertEqual(sorted(numbers, key=number_key), ["", "2.9", "2.10", "10.1", "M1C1-9", "M1C1-10"])
