"""How much of an upload is taken in, before anything reads it: a disk fills faster than a form says no."""

from io import BytesIO

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

FAR = 4  # times the limit: what is longer is not even read to its end


class UploadTooBig(RequestDataTooBig):
    """A request so long that it cannot be a slip of somebody's hand."""


class UploadLimit(FileUploadHandler):
    """The first of the handlers: keeps nothing beyond the limit.

    A file that is somewhat too large is passed on empty, with its real size, so that its form says so and keeps what
    was typed beside it.
    """

    def handle_raw_input(self, input_data, META, content_length, boundary, encoding=None):
        if content_length > FAR * settings.UPLOAD_LIMIT:
            raise UploadTooBig(f"{content_length} bytes")
        self.received = 0  # of all files of the request

    def receive_data_chunk(self, raw_data, start):
        self.received += len(raw_data)
        return raw_data if self.received <= settings.UPLOAD_LIMIT else None

    def file_complete(self, file_size):
        if self.received <= settings.UPLOAD_LIMIT:
            return None
        return UploadedFile(BytesIO(), self.file_name, self.content_type, self.received, self.charset)
