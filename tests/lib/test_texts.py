from django.test import SimpleTestCase
from django.utils.translation import override

from tracker.lib.ordering import number_key
from tracker.lib.texts import Texts, TextsFormField, TextsInput, fold, passage, search_words


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


class PassageTest(SimpleTestCase):
    def found(self, text, *words, **options):
        return [piece.text for piece in passage(text, words, **options) if piece.is_found]

    def whole(self, text, *words, **options):
        return "".join(piece.text for piece in passage(text, words, **options))

    def test_it_shows_the_letters_of_the_text(self):
        self.assertEqual(self.found("Учёт ЁМКОСТИ сетей", "емкост", "сет"), ["ЁМКОСТ", "сет"])
        self.assertEqual(self.whole("Учёт ЁМКОСТИ сетей", "емкост"), "Учёт ЁМКОСТИ сетей")

    def test_look_alike_and_composed_letters_keep_their_places(self):
        for text, word, found in (
            ("Straße № 5", "strasse", "Straße"),
            ("Указ № 15 о сетях", "no", "№"),
            ("Уче\u0308т сетей", "учет", "Уче\u0308т"),
            ("ﬁnal report", "final", "ﬁnal"),
            ("И\u0306од", "йод", "И\u0306од"),
        ):
            self.assertEqual(self.found(text, word), [found], text)
            self.assertEqual(self.whole(text, word), text)

    def test_finds_that_overlap_are_marked_once(self):
        self.assertEqual(self.found("согласование", "соглас", "ласов", "ание"), ["согласование"])
        self.assertEqual(self.whole("согласование", "соглас", "ласов", "ание"), "согласование")

    def test_a_long_text_is_cut_between_words_around_the_first_find(self):
        text = " ".join(f"слово{number}" for number in range(1000))
        shown = self.whole(text, "слово500", around=40)
        self.assertRegex(shown, r"^… слово49\d .*слово500 .*слово50\d …$")
        self.assertLess(len(shown), 120)
        self.assertEqual(self.whole("коротко", "рот", around=40), "коротко")

    def test_without_words_the_text_stands_as_it_is(self):
        self.assertEqual(self.whole("Мост"), "Мост")
        self.assertEqual(passage("", ["мост"]), [])

    def test_words_of_a_search(self):
        self.assertEqual(search_words(" Ёмкость\x00 емкость  СЕТИ "), ["емкость", "сети"])
        self.assertEqual(len(search_words("слово " + " ".join(map(str, range(1000))))), 10)
