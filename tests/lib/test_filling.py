"""A form filled in again."""

from django.test import SimpleTestCase

from tracker.lib.filling import fill

PAGE = """<!doctype html><p title="a &quot;b&quot;">x &lt; y &amp; z</p><!-- note -->
<form method="get"><input name="text" value="search"></form>
<form method="post">
<input type="hidden" name="csrfmiddlewaretoken" value="new"><input type="hidden" name="version" value="7">
<input name="text" value="old" id="t"><input type=text name=empty disabled value="kept">
<textarea name="long" rows="3">
old &lt;text&gt;</textarea>
<select name="one"><option value="">—</option><option value="a" selected>A</option><option value="b">B</option></select>
<input type="radio" name="r" value="1" checked><input type="radio" name="r" value="2">
<input type="checkbox" name="box" checked>
<input type="checkbox" name="more" value="x"><input type="checkbox" name="more" value="y">
<input type="password" name="text2" value=""><input type="file" name="file">
<button name="verb" value="save">Save</button>
</form>"""


class FillTest(SimpleTestCase):
    def filled(self, **typed):
        return fill(PAGE, typed)

    def test_what_was_not_typed_stays_letter_by_letter(self):
        page = self.filled(box=["on"], csrfmiddlewaretoken=["stolen"], version=["1"])
        self.assertEqual(page, PAGE)

    def test_texts_come_back_and_cannot_leave_their_place(self):
        page = self.filled(text=['"><script>alert(1)</script>'], long=["</textarea><b>Ёлка & лес\nвторая строка"])
        self.assertIn('value="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"', page)
        self.assertIn("\n&lt;/textarea&gt;&lt;b&gt;Ёлка &amp; лес\nвторая строка</textarea>", page)
        self.assertNotIn("<script>", page)
        self.assertNotIn("old &lt;text&gt;", page)
        self.assertIn('<input name="text" value="search">', page)  # another form, which only asks

    def test_choices_come_back(self):
        page = self.filled(one=["b"], r=["2"], more=["y"])
        self.assertIn('<option value="b" selected>', page)
        self.assertIn('<option value="a">', page)
        self.assertIn('<input type="radio" name="r" value="2" checked>', page)
        self.assertIn('<input type="radio" name="r" value="1">', page)
        self.assertIn('<input type="checkbox" name="more" value="y" checked>', page)
        self.assertIn('<input type="checkbox" name="box">', page)  # it was cleared: boxes that are off are not sent

    def test_secrets_and_tokens_are_the_pages_own(self):
        page = self.filled(text2=["secret"], version=["1"], file=["x"], empty=["other"])
        self.assertNotIn("secret", page)
        self.assertIn('name="version" value="7"', page)
        self.assertIn('value="kept"', page)
